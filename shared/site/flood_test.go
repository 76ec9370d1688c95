package site

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// podsOf is a site that offers n pods behind the routing key.
func podsOf(id, key string, n int) v2alpha1.SiteRecord {
	s := v2alpha1.SiteRecord{ID: id, Name: id}
	for i := range n {
		s.Services = append(s.Services, v2alpha1.ServiceRecord{RoutingKey: fmt.Sprintf("%s.%s-%d", key, id, i), Connectors: []string{"10.0.0.1"}})
	}
	return s
}

func podsBy(name, key string) *v2alpha1.Listener {
	return &v2alpha1.Listener{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "west"},
		Spec: v2alpha1.ListenerSpec{RoutingKey: key, Host: name, Port: 80, ExposePodsByName: true}}
}

// TestFloodOfPods: a site that offers more pods than anybody has keeps neither other sites' from being offered nor this site from
// being configured.
func TestFloodOfPods(t *testing.T) {
	long := strings.Repeat("k", 200)
	for name, tt := range map[string]struct {
		network   []v2alpha1.SiteRecord
		listeners []v2alpha1.Object
		least     int
		most      int
		says      string
	}{
		"few":       {[]v2alpha1.SiteRecord{podsOf("e", "k", 20)}, []v2alpha1.Object{podsBy("k", "k")}, 20, 20, "OK"},
		"listener":  {[]v2alpha1.SiteRecord{podsOf("e", "k", 6500), podsOf("m", "k", 3)}, []v2alpha1.Object{podsBy("k", "k")}, 500, 500, "only 500 pods are offered by their names"},
		"site":      {[]v2alpha1.SiteRecord{podsOf("e", "k", 6500), podsOf("f", "j", 499), podsOf("m", "i", 499)}, []v2alpha1.Object{podsBy("k", "k"), podsBy("j", "j"), podsBy("i", "i")}, 1000, 1000, ""},
		"long-keys": {[]v2alpha1.SiteRecord{podsOf("e", long, 6500)}, []v2alpha1.Object{podsBy("k", long)}, 500, 500, "only 500 pods"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Plan(inCluster(westSite(), tt.listeners...), Observed{Now: time.Unix(1e9, 0), Running: true, Network: tt.network})
			if err != nil {
				t.Fatal(err)
			}
			pods := len(d.Exposures) - len(tt.listeners)
			if pods < tt.least || pods > tt.most || len(d.Config.TCPListeners) != len(d.Exposures) {
				t.Errorf("%d pods are offered, with %d listeners of the router", pods, len(d.Config.TCPListeners))
			}
			if text, err := d.Config.Marshal(); err != nil || len(text) > 1<<20-1<<16 {
				t.Errorf("the configuration is %d octets, %v", len(text), err)
			}
			for _, o := range d.Statuses {
				if l, ok := o.(*v2alpha1.Listener); ok && l.Name == "k" && tt.says != "" {
					if c := l.Status.Condition(v2alpha1.ConditionConfigured); c.Status != metav1.ConditionTrue || !strings.HasPrefix(c.Message, tt.says) {
						t.Errorf("the listener says %+v", c)
					}
				}
			}
			small := 0
			for _, e := range d.Exposures {
				if strings.HasPrefix(e.Host, "m-") {
					small++
				}
			}
			if name == "listener" && small != 3 {
				t.Errorf("%d of the three pods of the other site are offered", small)
			}
		})
	}
}

// TestPodsThatAreOffered stay when others come, whatever their names.
func TestPodsThatAreOffered(t *testing.T) {
	first := podsOf("z", "k", 500)
	in := inCluster(westSite(), podsBy("k", "k"))
	d, err := Plan(in, Observed{Now: time.Unix(1e9, 0), Running: true, Network: []v2alpha1.SiteRecord{first}})
	if err != nil {
		t.Fatal(err)
	}
	more := first
	more.Services = append(podsOf("a", "k", 100).Services, more.Services...)
	again, err := Plan(in, Observed{Now: time.Unix(1e9, 0), Running: true, Network: []v2alpha1.SiteRecord{more}, Ports: d.Ports})
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Exposures) != 501 || !reflect.DeepEqual(d.Exposures, again.Exposures) {
		t.Errorf("%d are offered, then %d, not the same", len(d.Exposures), len(again.Exposures))
	}
}

// TestFloodOfConfig: where the site's own listeners leave little room, names of pods take no more than that.
func TestFloodOfConfig(t *testing.T) {
	long := strings.Repeat("k", 200)
	objs := []v2alpha1.Object{podsBy("k", "k")}
	for i := range 3100 {
		l := podsBy(fmt.Sprintf("own-%d", i), long)
		l.Spec.ExposePodsByName = false
		objs = append(objs, l)
	}
	d, err := Plan(inCluster(westSite(), objs...), Observed{Now: time.Unix(1e9, 0), Running: true, Network: []v2alpha1.SiteRecord{podsOf("e", "k", 6500)}})
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.Config.Marshal()
	pods := len(d.Exposures) - len(objs)
	t.Logf("%d octets with %d pods", len(text), pods)
	if err != nil || len(text) > maxConfig+1<<10 || pods == 500 {
		t.Errorf("the configuration is %d octets with %d pods, %v", len(text), pods, err)
	}
}

// TestFloodOfNetwork: what others say of themselves does not make the site's status too big to be written.
func TestFloodOfNetwork(t *testing.T) {
	hosts := make([]string, 20_000)
	for i := range hosts {
		hosts[i] = strings.Repeat("h", 100)
	}
	var linked v2alpha1.SiteRecord
	for range 10_000 {
		linked.Links = append(linked.Links, v2alpha1.LinkRecord{Name: strings.Repeat("l", 100)})
	}
	var sites []v2alpha1.SiteRecord
	for range 20_000 {
		sites = append(sites, v2alpha1.SiteRecord{ID: "x", Name: strings.Repeat("n", 100)})
	}
	own := v2alpha1.SiteRecord{ID: "u", Name: "west", Services: []v2alpha1.ServiceRecord{{RoutingKey: "mine", Connectors: []string{"c"}}}}
	for name, tt := range map[string]struct {
		network []v2alpha1.SiteRecord
		without string
	}{
		"small":    {[]v2alpha1.SiteRecord{own, podsOf("e", "k", 10)}, ""},
		"hosts":    {[]v2alpha1.SiteRecord{own, {ID: "e", Services: []v2alpha1.ServiceRecord{{RoutingKey: "k", Connectors: hosts}}}}, "further connectors"},
		"links":    {[]v2alpha1.SiteRecord{own, linked}, "links of other sites"},
		"services": {[]v2alpha1.SiteRecord{own, podsOf("e", "k", 10_000)}, "services of other sites"},
		"own":      {[]v2alpha1.SiteRecord{podsOf("u", "k", 10_000)}, "services"},
		"sites":    {append(sites, own), "some sites"},
	} {
		t.Run(name, func(t *testing.T) {
			before := fmt.Sprint(tt.network)
			d, err := Plan(inCluster(westSite()), Observed{Now: time.Unix(1e9, 0), Running: true, Network: tt.network})
			if err != nil {
				t.Fatal(err)
			}
			s := d.Site.Status
			if before != fmt.Sprint(tt.network) {
				t.Error("what was observed is changed")
			}
			if n := octets(s.Network); n > maxNetwork || len(s.Network) == 0 || s.SitesInNetwork != len(tt.network) {
				t.Errorf("%d octets of %d sites; %d in the network", n, len(s.Network), s.SitesInNetwork)
			}
			if (tt.without == "") != (s.Message == "OK") || !strings.Contains(s.Message, tt.without) {
				t.Errorf("the site says %q", s.Message)
			}
			found := false
			for _, r := range s.Network {
				found = found || r.ID == "u"
			}
			if !found {
				t.Error("the own site is left out")
			}
		})
	}
}
