package workload

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// Template has labels and annotations for objects of sites: those of a ConfigMap that users make.
type Template struct {
	Kind, Name          string // of the objects it is for; empty: any
	Labels, Annotations map[string]string
}

// ReadTemplate reads a ConfigMap that is labelled as a template.
func ReadTemplate(m *corev1.ConfigMap) Template {
	excluded := append(strings.Split(m.Data["exclude"], ","), names.LabelTemplate, corev1.LastAppliedConfigAnnotation)
	return Template{Kind: m.Data["kind"], Name: m.Data["name"], Labels: without(m.Labels, excluded), Annotations: without(m.Annotations, excluded)}
}

func without(in map[string]string, keys []string) map[string]string {
	out := map[string]string{}
	for k, v := range in {
		if !slices.Contains(keys, k) {
			out[k] = v
		}
	}
	return out
}

// dress adds what the templates have for an object. The first template wins, and the object's own before all.
func dress(all []Template, kind, name string, labels, annotations map[string]string) (l, a map[string]string) {
	l, a = map[string]string{}, map[string]string{}
	for _, t := range slices.Backward(all) {
		if (t.Kind == "" || t.Kind == kind) && (t.Name == "" || t.Name == name) {
			maps.Copy(l, t.Labels)
			maps.Copy(a, t.Annotations)
		}
	}
	maps.Copy(l, labels)
	maps.Copy(a, annotations)
	if len(l) == 0 {
		l = nil
	}
	if len(a) == 0 {
		a = nil
	}
	return l, a
}
