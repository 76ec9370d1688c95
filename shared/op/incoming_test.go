package op

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

func TestIncomingLinks(t *testing.T) {
	linked := func(site, link, to string, up bool) v2alpha1.SiteRecord {
		return v2alpha1.SiteRecord{ID: site + "-id", Name: site, Links: []v2alpha1.LinkRecord{{Name: link, RemoteSiteID: to, Operational: up}}}
	}
	var many []v2alpha1.SiteRecord
	for i := range maxIncoming + 2 {
		many = append(many, linked(fmt.Sprint("s", i), "l", "west-id", true))
	}
	for _, tc := range []struct {
		name    string
		network []v2alpha1.SiteRecord
		stopped bool
		want    string
	}{
		{"nothing known", nil, false, ""},
		{"own and elsewhere", []v2alpha1.SiteRecord{linked("west", "mine", "east-id", true), linked("east", "l", "north-id", true), linked("x", "l", "", true)}, false, ""},
		{"to itself", []v2alpha1.SiteRecord{linked("west", "loop", "west-id", true)}, false, ""},
		{"up", []v2alpha1.SiteRecord{linked("east", "tok", "west-id", true)}, false, `site "east" has a link to this one, "tok", which is up`},
		{"down", []v2alpha1.SiteRecord{linked("east", "tok\x1b", "west-id", false)}, false, `site "east" has a link to this one, "tok\x1b", which is down`},
		{"not running", []v2alpha1.SiteRecord{linked("east", "tok", "west-id", true)}, true, ""},
	} {
		t.Run(strings.ReplaceAll(tc.name, " ", "-"), func(t *testing.T) {
			s := west()
			s.UID, s.Status.Network = "west-id", tc.network
			if tc.stopped {
				s.Status.Conditions = slices.DeleteFunc(s.Status.Conditions, func(c metav1.Condition) bool { return c.Type == v2alpha1.ConditionRunning })
			}
			p := Ports{Store: newMemory(s)}
			found, err := LinkStatus{}.Run(t.Context(), p)
			if got := strings.Join(found.Notes, "\n"); err != nil || got != tc.want || len(found.Items) != 0 {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	s := west()
	s.UID, s.Status.Network = "west-id", many
	found, err := LinkStatus{}.Run(t.Context(), Ports{Store: newMemory(s)})
	if err != nil || len(found.Notes) != maxIncoming+1 || found.Notes[maxIncoming] != "there are 2 more links to this site" {
		t.Errorf("got %q, %v", found.Notes, err)
	}
	if found, err = (LinkStatus{Name: "l"}).Run(t.Context(), Ports{Store: newMemory(s, &v2alpha1.Link{ObjectMeta: named("l")})}); err != nil || len(found.Notes) != 0 {
		t.Errorf("a status of one link: %q, %v", found.Notes, err)
	}
}
