package workload

import (
	"cmp"
	"fmt"
	"slices"

	"go.uber.org/multierr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// Sizing is what the containers of a router pod may use. The zero value: no word on it.
type Sizing struct{ Router, Adaptor corev1.ResourceRequirements }

// Size finds the sizing of a name among the ConfigMaps that have some; of an empty name the default one. Nothing of that name
// is an error, no default is none.
func Size(maps []*corev1.ConfigMap, name string) (Sizing, error) {
	maps = slices.SortedFunc(slices.Values(maps), func(a, b *corev1.ConfigMap) int { return cmp.Compare(a.Name, b.Name) })
	for _, m := range maps {
		_, byDefault := m.Annotations[names.DefaultSizing]
		size, ok := m.Labels[names.SiteSizing]
		if ok && size == name || name == "" && ok && byDefault {
			return sizing(m)
		}
	}
	if name != "" {
		return Sizing{}, fmt.Errorf("there is no sizing called %q", name)
	}
	return Sizing{}, nil
}

// sizing reads a ConfigMap. What is wrong in it is left out.
func sizing(m *corev1.ConfigMap) (s Sizing, err error) {
	for _, container := range []struct {
		prefix string
		into   *corev1.ResourceRequirements
	}{{"router", &s.Router}, {"adaptor", &s.Adaptor}} {
		for _, res := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			for _, what := range []struct {
				suffix string
				into   *corev1.ResourceList
			}{{"request", &container.into.Requests}, {"limit", &container.into.Limits}} {
				key := fmt.Sprintf("%s-%s-%s", container.prefix, res, what.suffix)
				text := m.Data[key]
				if text == "" {
					continue
				}
				q, parseErr := resource.ParseQuantity(text)
				if parseErr != nil {
					err = multierr.Append(err, fmt.Errorf("ConfigMap %s: %s is %q, want a quantity such as 500m or 64Mi", m.Name, key, text))
					continue
				}
				if *what.into == nil {
					*what.into = corev1.ResourceList{}
				}
				(*what.into)[res] = q
			}
		}
	}
	return s, err
}
