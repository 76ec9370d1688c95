package site

import (
	"fmt"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// TestAdvertiseInACluster has a site that others reach by hosts that the cluster does not know of: they take the place of what is found,
// with the ports of it, and come into the certificate.
func TestAdvertiseInACluster(t *testing.T) {
	found := []v2alpha1.Endpoint{{Name: "inter-router", Host: "10.0.0.1", Port: "31000"}, {Name: "edge", Host: "10.0.0.1", Port: "32000"},
		{Name: "inter-router", Host: "10.0.0.2", Port: "31000"}}
	for name, tt := range map[string]struct {
		advertise string
		before    map[string]string // annotations of the SecuredAccess
		found     []v2alpha1.Endpoint
		want      string // endpoints
		hosts     string
		listed    bool
	}{
		"nothing": {"", nil, found, "inter-router=10.0.0.1:31000 inter-router=10.0.0.2:31000 edge=10.0.0.1:32000 ", "", false},
		"host":    {"gw.example", nil, found, "inter-router=gw.example:31000 edge=gw.example:32000 ", "gw.example", true},
		"two":     {"gw.example, 203.0.113.7,0.0.0.0", nil, found, "inter-router=gw.example:31000 inter-router=203.0.113.7:31000 edge=gw.example:32000 edge=203.0.113.7:32000 ", "gw.example,203.0.113.7", true},
		"by-host": {"gw.example", nil, []v2alpha1.Endpoint{{Name: "inter-router", Host: "a.example", Port: "443"}, {Name: "edge", Host: "b.example", Port: "443"}},
			"inter-router=a.example:443 edge=b.example:443 ", "gw.example", true},
		"no-ports": {"gw.example", nil, nil, "", "gw.example", true},
		"no-more":  {"", map[string]string{AnnotationHosts: "gw.example"}, found[:2], "inter-router=10.0.0.1:31000 edge=10.0.0.1:32000 ", "", true},
	} {
		s := westSite()
		s.Spec.LinkAccess, s.Spec.Settings = v2alpha1.LinkAccessDefault, map[string]string{v2alpha1.SettingAdvertise: tt.advertise}
		sa := &v2alpha1.SecuredAccess{ObjectMeta: meta(RouterGroup, 1)}
		sa.Annotations = map[string]string{AnnotationControlled: "true", AnnotationRouterAccess: RouterGroup}
		for k, v := range tt.before {
			sa.Annotations[k] = v
		}
		sa.Status.Endpoints = tt.found
		in := inCluster(s, tlsSecret(SiteServer))
		in.SecuredAccesses = []*v2alpha1.SecuredAccess{sa}
		d, err := Plan(in, Observed{Now: time.Unix(1e9, 0)})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, e := range d.Site.Status.Endpoints {
			got += fmt.Sprintf("%s=%s:%s ", e.Name, e.Host, e.Port)
		}
		hosts, listed := d.SecuredAccesses[0].Annotations[AnnotationHosts]
		if got != tt.want || hosts != tt.hosts || listed != tt.listed {
			t.Errorf("%s: endpoints %q, hosts %q (%v)", name, got, hosts, listed)
		}
	}
}
