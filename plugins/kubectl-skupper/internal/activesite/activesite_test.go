package activesite

import (
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

func TestOf(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	site := func(name string, age time.Duration, change ...func(*v2alpha1.Site)) v2alpha1.Site {
		s := v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(now.Add(-age))}}
		for _, f := range change {
			f(&s)
		}
		return s
	}
	configured := func(s *v2alpha1.Site) { s.SetConfigured(nil) }
	refused := func(s *v2alpha1.Site) { s.SetConfigured(errors.New("An active site already exists")) }
	going := func(s *v2alpha1.Site) { s.DeletionTimestamp = &metav1.Time{Time: now} }
	for _, tt := range []struct {
		name, want string
		sites      []v2alpha1.Site
	}{
		{"none", "", nil},
		{"one that nobody judged", "a", []v2alpha1.Site{site("a", 0)}},
		{"one with a fault is active all the same", "a", []v2alpha1.Site{site("a", 0, refused)}},
		{"the oldest", "b", []v2alpha1.Site{site("a", 1), site("b", time.Hour)}},
		{"of the same age the first", "a", []v2alpha1.Site{site("b", 1), site("a", 1)}},
		{"what was chosen stays", "a", []v2alpha1.Site{site("a", 1, configured), site("b", time.Hour, refused)}},
		{"one that goes is none", "a", []v2alpha1.Site{site("a", 1, refused), site("b", time.Hour, configured, going)}},
		{"all go", "", []v2alpha1.Site{site("b", time.Hour, configured, going)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Of(tt.sites)
			if name := ""; got != nil && got.Name != tt.want || got == nil && tt.want != name {
				t.Errorf("got %v, want %q", got, tt.want)
			}
		})
	}
}
