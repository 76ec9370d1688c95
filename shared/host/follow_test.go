package host

import (
	"reflect"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

func TestShown(t *testing.T) {
	view := func(links ...*v2alpha1.Link) View {
		v := View{Columns: []Column{{"NAME", "Name"}, {"STATUS", "Status"}}, Object: List(links)}
		for _, l := range links {
			v.Rows = append(v.Rows, []string{l.Name, string(l.Status.StatusType)})
		}
		return v
	}
	link := func(name, status string, cost int) *v2alpha1.Link {
		l := &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v2alpha1.LinkSpec{Cost: cost}}
		l.Status.StatusType = v2alpha1.StatusType(status)
		return l
	}
	for _, whole := range []bool{false, true} {
		var s Shown
		for i, step := range []struct {
			now         View
			rows, whole [][]string
		}{
			{view(link("a", "Pending", 1), link("b", "Ready", 1)), [][]string{{"a", "Pending"}, {"b", "Ready"}}, nil},
			{view(link("a", "Pending", 1), link("b", "Ready", 1)), [][]string{}, nil},
			{view(link("a", "Ready", 1), link("b", "Ready", 1)), [][]string{{"a", "Ready"}}, nil},
			{view(link("a", "Ready", 2), link("b", "Ready", 1)), [][]string{}, [][]string{{"a", "Ready"}}},
			{view(link("b", "Ready", 1), link("c", "Pending", 1)), [][]string{{"c", "Pending"}, {"a", "Deleted"}}, nil},
			{View{Columns: []Column{}}, [][]string{{"b", "Deleted"}, {"c", "Deleted"}}, nil},
			{view(), [][]string{}, nil},
		} {
			got := s.Changed(step.now, whole)
			want := step.rows
			if whole && step.whole != nil {
				want = step.whole
			}
			if !reflect.DeepEqual(got.Rows, want) || len(Items(got)) != len(want) || len(got.Columns) != 2 {
				t.Errorf("whole %v, step %d: got %v, want %v", whole, i, got.Rows, want)
			}
		}
	}
}
