package op

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// A site that is well says which of its links are not, and why.
func TestSiteTellsOfLinks(t *testing.T) {
	link := func(name string, state v2alpha1.StatusType, message string) *v2alpha1.Link {
		l := &v2alpha1.Link{ObjectMeta: named(name)}
		l.Status.StatusType, l.Status.Message = state, message
		return l
	}
	replaced := "Not operational: the authority is another one: redeem a new token"
	var many []v2alpha1.Object
	for i := range maxFaulty + 2 {
		many = append(many, link(fmt.Sprint("l", i), v2alpha1.StatusPending, "x"))
	}
	for _, tc := range []struct {
		name    string
		links   []v2alpha1.Object
		stopped bool
		want    []string
	}{
		{"none", nil, false, nil},
		{"ready", []v2alpha1.Object{link("a", v2alpha1.StatusReady, "OK")}, false, nil},
		{"replaced", []v2alpha1.Object{link("a", v2alpha1.StatusReady, "OK"), link("b", v2alpha1.StatusPending, replaced)}, false, []string{`link "b" is not up: ` + replaced}},
		{"new", []v2alpha1.Object{link("a", "", "")}, false, []string{`link "a" is not up: Not Configured`}},
		{"stopped", []v2alpha1.Object{link("a", v2alpha1.StatusPending, replaced)}, true, nil},
		{"many", many, false, []string{`link "l0" is not up: x`, "2 more links are not up"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := west()
			if tc.stopped {
				s.Status.Conditions = slices.DeleteFunc(s.Status.Conditions, func(c metav1.Condition) bool { return c.Type == v2alpha1.ConditionRunning })
			}
			found, err := SiteStatus{}.Run(t.Context(), Ports{Store: newMemory(append(tc.links, s)...)})
			if err != nil || len(found.Items) != 1 {
				t.Fatalf("got %+v, %v", found, err)
			}
			got := strings.Join(found.Notes, "\n")
			for _, want := range tc.want {
				if !strings.Contains(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			}
			if len(tc.want) == 0 && got != "" || len(found.Notes) > maxFaulty+1 {
				t.Errorf("got %q", got)
			}
		})
	}
}
