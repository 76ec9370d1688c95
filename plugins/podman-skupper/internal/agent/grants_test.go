package agent

import (
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// A pass that plans again, as its router did not get a port, gives a grant no other code: the first may be in a token already.
func TestCodeStays(t *testing.T) {
	g := newGrants(&Agent{})
	close(g.ended) // there is no server
	n := &namespace{name: "west"}
	s := &v2alpha1.Site{}
	s.Spec.LinkAccess = v2alpha1.LinkAccessDefault
	grant := &v2alpha1.AccessGrant{}
	grant.Name, grant.UID = "g", "u"
	res := site.Resources{Others: []v2alpha1.Object{grant}}
	var codes []string
	for range 3 {
		out, _ := g.see(t.Context(), n, site.Desired{Site: s}, res, time.Now())
		codes = append(codes, out[0].(*v2alpha1.AccessGrant).Status.Code)
	}
	if codes[0] == "" || codes[1] != codes[0] || codes[2] != codes[0] {
		t.Errorf("codes %q", codes)
	}
}
