package namespace

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// TestOrphans has tokens redeemed for sites of which some are gone.
func TestOrphans(t *testing.T) {
	token := func(name, site string, change func(*v2alpha1.AccessToken)) *v2alpha1.AccessToken {
		a := &v2alpha1.AccessToken{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if site != "" {
			a.Annotations = map[string]string{names.RedeemedFor: site}
		}
		if a.SetRedeemed(nil); change != nil {
			change(a)
		}
		return a
	}
	all := []*v2alpha1.AccessToken{
		token("of-a", "a", nil),
		token("of-b", "b", nil),
		token("of-whom", "", nil), // another controller redeemed it
		token("marked", "a", func(t *v2alpha1.AccessToken) { t.SetRedeemedForDeletedSite(time.Unix(1e9, 0)) }),
		token("fresh", "", func(t *v2alpha1.AccessToken) { t.Status = v2alpha1.AccessTokenStatus{} }),
		token("half", "a", func(t *v2alpha1.AccessToken) { t.Status = v2alpha1.AccessTokenStatus{} }),
	}
	site := func(uid string, change func(*v2alpha1.Site)) *v2alpha1.Site {
		s := &v2alpha1.Site{}
		if s.SetUID(types.UID(uid)); change != nil {
			change(s)
		}
		return s
	}
	goes := func(s *v2alpha1.Site) { now := metav1.Now(); s.DeletionTimestamp = &now }
	for name, c := range map[string]struct {
		sites []*v2alpha1.Site
		want  []string
	}{
		"both":      {[]*v2alpha1.Site{site("a", nil), site("b", nil)}, nil},
		"other":     {[]*v2alpha1.Site{site("b", nil)}, []string{"of-a"}},
		"a-goes":    {[]*v2alpha1.Site{site("a", goes), site("b", nil)}, []string{"of-a"}},
		"new":       {[]*v2alpha1.Site{site("c", nil)}, []string{"of-a", "of-b"}},
		"none":      {nil, []string{"of-a", "of-b", "of-whom"}},
		"none-left": {[]*v2alpha1.Site{site("b", goes)}, []string{"of-a", "of-b", "of-whom"}},
	} {
		var got []string
		for _, t := range orphans(all, uids(c.sites)) {
			got = append(got, t.Name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
