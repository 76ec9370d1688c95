package scope

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

func TestControls(t *testing.T) {
	for _, c := range []struct {
		name      string
		data      map[string]string // nil: no ConfigMap
		byDefault bool              // where nothing has to be explicit
		explicit  bool
	}{
		{"no-map", nil, true, false},
		{"no-key", map[string]string{"a": "b"}, true, false},
		{"ours", map[string]string{"controller": "skupper/ctl"}, true, true},
		{"other-namespace", map[string]string{"controller": "other/ctl"}, false, false},
		{"other-name", map[string]string{"controller": "skupper/other"}, false, false},
		{"name-alone-elsewhere", map[string]string{"controller": "ctl"}, false, false},
		{"empty", map[string]string{"controller": ""}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := fake.NewClientBuilder()
			if c.data != nil {
				b.WithObjects(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "west", Name: "skupper"}, Data: c.data})
			}
			reader := b.Build()
			for _, explicit := range []bool{false, true} {
				want := c.byDefault
				if explicit {
					want = c.explicit
				}
				got, err := Control{Reader: reader, Identity: "skupper/ctl", Explicit: explicit}.Controls(t.Context(), "west")
				if err != nil || got != want {
					t.Errorf("explicit %v: got %v, %v; want %v", explicit, got, err, want)
				}
			}
		})
	}
	c := Control{Identity: "west/ctl", Explicit: true}
	if !c.named("west", map[string]string{"controller": "ctl"}) {
		t.Error("a name alone is not taken for that of a controller in the same namespace")
	}
}
