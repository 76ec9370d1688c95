package namespace

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// TestServiceLedElsewhere has somebody turn the Service of a listener into a name for another host.
func TestServiceLedElsewhere(t *testing.T) {
	wanted := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "west", Name: "backend", Labels: map[string]string{names.Listener: "backend"}},
		Spec: corev1.ServiceSpec{Selector: map[string]string{"a": "b"}, Ports: []corev1.ServicePort{{Name: "p", Port: 80, TargetPort: intstr.FromInt32(1024), Protocol: corev1.ProtocolTCP}}}}
	for kind, want := range map[corev1.ServiceType]corev1.ServiceType{
		corev1.ServiceTypeExternalName: corev1.ServiceTypeClusterIP,
		corev1.ServiceTypeNodePort:     corev1.ServiceTypeNodePort, // leads to the same pods: it is the user's to choose
	} {
		live := wanted.DeepCopy()
		live.Spec.Type = kind
		if kind == corev1.ServiceTypeExternalName {
			live.Spec.ExternalName = "elsewhere.example"
		}
		c := fake.NewClientBuilder().WithObjects(live).Build()
		if err := c.Get(t.Context(), client.ObjectKeyFromObject(live), live); err != nil {
			t.Fatal(err)
		}
		if err := (&reconciler{client: c}).applyService(t.Context(), live, wanted.DeepCopy()); err != nil {
			t.Fatal(err)
		}
		var got corev1.Service
		if err := c.Get(t.Context(), client.ObjectKeyFromObject(live), &got); err != nil {
			t.Fatal(err)
		}
		if got.Spec.Type != want || got.Spec.ExternalName != "" {
			t.Errorf("%s: became %s, %q", kind, got.Spec.Type, got.Spec.ExternalName)
		}
	}
}

// TestConfigurationMadeImmutable has somebody keep the router's configuration from ever being changed.
func TestConfigurationMadeImmutable(t *testing.T) {
	yes := true
	live := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "west", Name: names.Router, UID: "old"}, Immutable: &yes, Data: map[string]string{names.ConfigKey: "old"}}
	c := fake.NewClientBuilder().WithObjects(live).Build()
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(live), live); err != nil {
		t.Fatal(err)
	}
	wanted := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "west", Name: names.Router}, Data: map[string]string{names.ConfigKey: "new"}}
	if err := (&reconciler{client: c}).applyConfig(t.Context(), live, wanted); err != nil {
		t.Fatal(err)
	}
	var got corev1.ConfigMap
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(live), &got); err != nil {
		t.Fatal(err)
	}
	if got.Data[names.ConfigKey] != "new" || got.Immutable != nil {
		t.Errorf("got %+v", got)
	}
}
