package kubestore

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// TestApply edits objects that have more than this program knows of.
func TestApply(t *testing.T) {
	const managed = `"managedFields":[{"manager":"x","fieldsV1":{"f:spec":{"f:port":{}}}}]`
	for _, c := range []struct {
		name, kind, old string
		change          func(v2alpha1.Object) error
		what            part
		want            string // empty: nothing changed
	}{
		{"spec", "Listener", `{"metadata":{"name":"a",` + managed + `},"spec":{"port":1,"host":"h","routingKey":"k","later":{"x":{}}},"status":{"message":"m"}}`,
			func(o v2alpha1.Object) error { o.(*v2alpha1.Listener).Spec.Port = 2; return nil }, spec,
			`{"metadata":{"name":"a",` + managed + `},"spec":{"port":2,"host":"h","routingKey":"k","later":{"x":{}}},"status":{"message":"m"}}`},
		{"nothing", "Listener", `{"metadata":{"name":"a"},"spec":{"port":1,"host":"h","routingKey":"k","later":{}}}`,
			func(v2alpha1.Object) error { return nil }, spec, ""},
		{"last known field of the spec goes", "Site", `{"metadata":{"name":"a"},"spec":{"ha":true,"later":1}}`,
			func(o v2alpha1.Object) error { o.(*v2alpha1.Site).Spec.HA = false; return nil }, spec,
			`{"metadata":{"name":"a"},"spec":{"later":1}}`},
		{"spec becomes empty", "Site", `{"metadata":{"name":"a"},"spec":{"ha":true}}`,
			func(o v2alpha1.Object) error { o.(*v2alpha1.Site).Spec.HA = false; return nil }, spec,
			`{"metadata":{"name":"a"}}`},
		{"first field of the spec", "Site", `{"metadata":{"name":"a"}}`,
			func(o v2alpha1.Object) error { o.(*v2alpha1.Site).Spec.HA = true; return nil }, spec,
			`{"metadata":{"name":"a"},"spec":{"ha":true}}`},
		{"a setting goes, another stays", "Site", `{"metadata":{"name":"a"},"spec":{"settings":{"x":"1","y":"2"}}}`,
			func(o v2alpha1.Object) error { delete(o.(*v2alpha1.Site).Spec.Settings, "x"); return nil }, spec,
			`{"metadata":{"name":"a"},"spec":{"settings":{"y":"2"}}}`},
		{"items that stay keep what is unknown", "Link",
			`{"metadata":{"name":"a"},"spec":{"endpoints":[{"name":"edge","host":"h","port":"1","later":1},{"name":"inter-router","host":"h","port":"2","later":2}]}}`,
			func(o v2alpha1.Object) error { o.(*v2alpha1.Link).Spec.Endpoints[1].Port = "3"; return nil }, spec,
			`{"metadata":{"name":"a"},"spec":{"endpoints":[{"name":"edge","host":"h","port":"1","later":1},{"name":"inter-router","host":"h","port":"3"}]}}`},
		{"identity and status are not a change's to touch", "Site", `{"metadata":{"name":"a","uid":"u","resourceVersion":"7"},"spec":{},"status":{"message":"m"}}`,
			func(o v2alpha1.Object) error {
				s := o.(*v2alpha1.Site)
				s.Name, s.UID, s.ResourceVersion, s.Status.Message = "b", "v", "8", "n"
				return nil
			}, spec, ""},
		{"label", "Site", `{"metadata":{"name":"a"}}`,
			func(o v2alpha1.Object) error { o.SetLabels(map[string]string{"k": ""}); return nil }, spec,
			`{"metadata":{"name":"a","labels":{"k":""}}}`},
		{"status", "Site", `{"metadata":{"name":"a"},"spec":{"ha":true},"status":{"message":"m","later":{}}}`,
			func(o v2alpha1.Object) error {
				s := o.(*v2alpha1.Site)
				s.Spec.HA, s.Status.Message = false, "n"
				s.Labels = map[string]string{"k": "v"}
				return nil
			}, status,
			`{"metadata":{"name":"a"},"spec":{"ha":true},"status":{"message":"n","later":{}}}`},
		{"status is emptied", "Site", `{"metadata":{"name":"a"},"status":{"message":"m"}}`,
			func(o v2alpha1.Object) error { o.(*v2alpha1.Site).Status = v2alpha1.SiteStatus{}; return nil }, status,
			`{"metadata":{"name":"a"}}`},
		{"status of a secret", "Secret", `{"metadata":{"name":"a"},"data":{"k":"AAE="}}`,
			func(o v2alpha1.Object) error { o.(*v2alpha1.Secret).Data = nil; return nil }, status, ""},
		{"secret", "Secret", `{"metadata":{"name":"a"},"data":{"k":"AAE="}}`,
			func(o v2alpha1.Object) error { o.(*v2alpha1.Secret).Data["l"] = []byte{255}; return nil }, spec,
			`{"metadata":{"name":"a"},"data":{"k":"AAE=","l":"/w=="}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			info, err := lookup(c.kind)
			if err != nil {
				t.Fatal(err)
			}
			old := tree(t, info, c.old)
			got, changed, err := apply(info, old, c.change, c.what)
			if err != nil || changed != (c.want != "") {
				t.Fatalf("changed %v, %v", changed, err)
			}
			if c.want == "" {
				c.want = c.old
			}
			if a, b := text(t, got), text(t, tree(t, info, c.want)); a != b {
				t.Errorf("got  %s\nwant %s", a, b)
			}
			if a, b := text(t, old), text(t, tree(t, info, c.old)); a != b {
				t.Errorf("what was read became %s", a)
			}
		})
	}
}

func TestApplyFails(t *testing.T) {
	info, err := lookup("Site")
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if _, _, err := apply(info, tree(t, info, `{"metadata":{"name":"a"}}`), func(v2alpha1.Object) error { return broken }, spec); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	_, _, err = apply(info, tree(t, info, `{"metadata":{"name":"a"},"spec":{"ha":"yes"}}`), func(v2alpha1.Object) error { return nil }, spec)
	if err == nil || !strings.Contains(err.Error(), "read site a as the cluster has it") {
		t.Errorf("got %v for a spec of another version", err)
	}
}

func tree(t *testing.T, info v2alpha1.KindInfo, text string) *unstructured.Unstructured {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{Object: m}
	u.SetGroupVersionKind(info.GroupVersionKind())
	return u
}

func text(t *testing.T, u *unstructured.Unstructured) string {
	t.Helper()
	b, err := json.Marshal(u.Object)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
