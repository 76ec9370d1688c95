package site

import (
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

func inCluster(s *v2alpha1.Site, more ...v2alpha1.Object) Resources {
	r := Resources{Namespace: "west", Platform: PlatformKubernetes, Sites: []*v2alpha1.Site{s}}
	for _, o := range more {
		r.Add(o)
	}
	return r
}

func westSite() *v2alpha1.Site {
	return &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: "west", Namespace: "west", UID: "u"}}
}

// TestRemarks has a site that works, of which there is something to say nevertheless.
func TestRemarks(t *testing.T) {
	for name, tt := range map[string]struct {
		fault   error
		obs     Observed
		ready   bool
		message string
	}{
		"nothing":     {nil, Observed{Running: true}, true, "OK"},
		"remark":      {nil, Observed{Running: true, Remarks: []string{"a pod does not start"}}, true, "a pod does not start"},
		"blind":       {nil, Observed{Running: true, Remarks: []string{"a"}, Blind: "b"}, true, "a; b"},
		"not-running": {nil, Observed{NotReady: "no image", Remarks: []string{"a"}, Blind: "b"}, false, "no image"},
		"fault":       {errors.New("no such size"), Observed{Running: true}, false, "no such size"},
	} {
		in := inCluster(westSite())
		in.Faults = map[string]error{"u": tt.fault, "other": errors.New("not this one")}
		tt.obs.Now = time.Unix(1e9, 0)
		d, err := Plan(in, tt.obs)
		if err != nil {
			t.Fatal(err)
		}
		if s := d.Site; s.IsReady() != tt.ready || s.Status.Message != tt.message {
			t.Errorf("%s: got %+v", name, s.Status)
		}
	}
}

// TestBlind looks again when the network cannot be looked at: what was known stays, but not for a router that is gone.
func TestBlind(t *testing.T) {
	objs := func() (*v2alpha1.Site, []v2alpha1.Object) {
		meta := metav1.ObjectMeta{Name: "x", Namespace: "west"}
		return westSite(), []v2alpha1.Object{
			&v2alpha1.Link{ObjectMeta: meta, Spec: v2alpha1.LinkSpec{Endpoints: []v2alpha1.Endpoint{{Name: "inter-router", Host: "h", Port: "1"}}}},
			&v2alpha1.Listener{ObjectMeta: meta, Spec: v2alpha1.ListenerSpec{RoutingKey: "k", Host: "h", Port: 1, ExposePodsByName: true}},
			&v2alpha1.Connector{ObjectMeta: meta, Spec: v2alpha1.ConnectorSpec{RoutingKey: "k", Host: "h", Port: 1}},
		}
	}
	site, rest := objs()
	known := Observed{Now: time.Unix(1e9, 0), Running: true, Links: map[string]LinkState{"x": {Up: true, RemoteSite: "e", RemoteName: "east"}},
		Network: []v2alpha1.SiteRecord{{ID: "u", Services: []v2alpha1.ServiceRecord{{RoutingKey: "k", Connectors: []string{"c"}, Listeners: []string{"l"}}, {RoutingKey: "k.pod", Connectors: []string{"c"}}}}}}
	for i, obs := range []Observed{known, {Now: known.Now, Running: true, Blind: "unreadable"}, {Now: known.Now, Blind: "unreadable"}} {
		d, err := Plan(inCluster(site, rest...), obs)
		if err != nil {
			t.Fatal(err)
		}
		site, rest = nil, nil
		for _, o := range d.Statuses {
			if s, ok := o.(*v2alpha1.Site); ok {
				site = s
				continue
			}
			rest = append(rest, o)
			if ready := v2alpha1.StatusOf(o).StatusType == v2alpha1.StatusReady; ready != (i < 2) {
				t.Errorf("%d: %s %+v", i, v2alpha1.KindOf(o), v2alpha1.StatusOf(o))
			}
		}
		if len(d.Exposures) != 2 || len(site.Status.Network) != 1 {
			t.Errorf("%d: %v; %v", i, d.Exposures, site.Status.Network)
		}
	}
}
