package workload

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// Template has labels and annotations for objects of sites: those of a ConfigMap that users make.
type Template struct {
	Kind, Name          string          // of the objects it is for; empty: any
	Selector            labels.Selector // of the labels that these have by themselves; nil: any
	Labels, Annotations map[string]string
}

// ReadTemplates reads those of a site's own namespace and of the controller's. The order is always the same, as the first wins: those
// of its own first, each in the order of their names.
func ReadTemplates(all []*corev1.ConfigMap, own string) []Template {
	all = slices.SortedFunc(slices.Values(all), func(a, b *corev1.ConfigMap) int {
		foreign := map[bool]int{true: 1}
		return cmp.Or(foreign[a.Namespace != own]-foreign[b.Namespace != own], strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	var out []Template
	for _, m := range all {
		out = append(out, ReadTemplate(m))
	}
	return out
}

// meant reports whether a label or annotation has a meaning to a controller, which then would take an object for what it is not, or
// write it again and again: those are nobody else's to give.
func meant(key string) bool {
	return strings.HasPrefix(key, "internal.skupper.io/") || strings.HasPrefix(key, "deployment.kubernetes.io/") ||
		key == names.SiteSizing || key == names.DefaultSizing
}

// ReadTemplate reads a ConfigMap that is labelled as a template. One with a selector that cannot be read is for nothing: it was not
// meant for everything.
func ReadTemplate(m *corev1.ConfigMap) Template {
	excluded := []string{names.LabelTemplate, corev1.LastAppliedConfigAnnotation}
	for key := range strings.SplitSeq(m.Data["exclude"], ",") {
		excluded = append(excluded, strings.TrimSpace(key))
	}
	t := Template{Kind: m.Data["kind"], Name: m.Data["name"], Labels: without(m.Labels, excluded), Annotations: without(m.Annotations, excluded)}
	if text := m.Data["labelSelector"]; text != "" {
		var err error
		if t.Selector, err = labels.Parse(text); err != nil {
			t.Selector = labels.Nothing()
		}
	}
	return t
}

func (t Template) isFor(kind, name string, own map[string]string) bool {
	return (t.Kind == "" || t.Kind == kind) && (t.Name == "" || t.Name == name) && (t.Selector == nil || t.Selector.Matches(labels.Set(own)))
}

func without(in map[string]string, keys []string) map[string]string {
	out := map[string]string{}
	for k, v := range in {
		if !slices.Contains(keys, k) && !meant(k) {
			out[k] = v
		}
	}
	return out
}

// dress adds what the templates have for an object. The first template wins, and the object's own before all.
func dress(all []Template, kind, name string, own, annotations map[string]string) (l, a map[string]string) {
	l, a = map[string]string{}, map[string]string{}
	for _, t := range slices.Backward(all) {
		if t.isFor(kind, name, own) {
			maps.Copy(l, t.Labels)
			maps.Copy(a, t.Annotations)
		}
	}
	maps.Copy(l, own)
	maps.Copy(a, annotations)
	if len(l) == 0 {
		l = nil
	}
	if len(a) == 0 {
		a = nil
	}
	return l, a
}
