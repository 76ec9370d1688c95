package site

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// byName is a listener that offers the pods behind it.
func byName(name, host, key string, port int) *v2alpha1.Listener {
	return &v2alpha1.Listener{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "west"},
		Spec: v2alpha1.ListenerSpec{RoutingKey: key, Host: host, Port: port, ExposePodsByName: true}}
}

// TestPodsOfSeveralListeners has listeners that offer pods which are called alike.
func TestPodsOfSeveralListeners(t *testing.T) {
	for name, tt := range map[string]struct {
		listeners []v2alpha1.Object
		ports     string // of pg-0
		says      string // the listener b; empty: OK
	}{
		"two-ports":     {[]v2alpha1.Object{byName("a", "db", "db", 5432), byName("b", "db-admin", "admin", 8008)}, "a:5432 b:8008", ""},
		"one-port":      {[]v2alpha1.Object{byName("a", "db", "db", 5432), byName("b", "db-admin", "admin", 5432)}, "a:5432", "pod pg-0 cannot be reached by its name: Listener a with host pg-0 and port 5432 already exists"},
		"host-of-one":   {[]v2alpha1.Object{byName("a", "pg-0", "other", 1), byName("b", "db-admin", "admin", 8008)}, "a:1", "Listener a with host pg-0 and port 1 already exists"},
		"host-of-later": {[]v2alpha1.Object{byName("b", "db-admin", "admin", 8008), byName("c", "pg-0", "other", 1)}, "c:1", "Listener c with host pg-0 and port 1 already exists"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Plan(inCluster(westSite(), tt.listeners...), Observed{Now: time.Unix(1e9, 0), Running: true, Network: []v2alpha1.SiteRecord{{ID: "e", Services: []v2alpha1.ServiceRecord{
				{RoutingKey: "db.pg-0", Connectors: []string{"c"}}, {RoutingKey: "admin.pg-0", Connectors: []string{"c"}}, {RoutingKey: "admin.pg-1", Connectors: []string{"c"}}}}}})
			if err != nil {
				t.Fatal(err)
			}
			if got := portsAt(d, "pg-0"); got != tt.ports {
				t.Errorf("pg-0 has %q, want %q", got, tt.ports)
			}
			if got := portsAt(d, "pg-1"); !strings.HasPrefix(got, "b:") {
				t.Errorf("pg-1 has %q", got)
			}
			c := conditionOf(t, d, "b", v2alpha1.ConditionConfigured)
			if c.Status != metav1.ConditionTrue || !strings.Contains(c.Message, tt.says) || (tt.says == "") != (c.Message == "OK") {
				t.Errorf("b says %+v", c)
			}
		})
	}
}

func portsAt(d Desired, host string) string {
	var out []string
	for _, e := range d.Exposures {
		for _, p := range e.Ports {
			if e.Host == host {
				out = append(out, fmt.Sprintf("%s:%d", p.Name, p.Port))
			}
		}
	}
	return strings.Join(out, " ")
}

func conditionOf(t *testing.T, d Desired, name, condition string) metav1.Condition {
	t.Helper()
	for _, o := range d.Statuses {
		if c := v2alpha1.StatusOf(o).Condition(condition); o.GetName() == name && c != nil {
			return *c
		}
	}
	t.Fatalf("%s has no condition %s", name, condition)
	return metav1.Condition{}
}

// TestRefused has services that cannot be made: everybody who needs them says so, and what the router does is the same.
func TestRefused(t *testing.T) {
	key := &v2alpha1.MultiKeyListener{ObjectMeta: metav1.ObjectMeta{Name: "k", Namespace: "west"}, Spec: v2alpha1.MultiKeyListenerSpec{Host: "db", Port: 1,
		Strategy: v2alpha1.Strategy{Priority: &v2alpha1.PriorityStrategy{RoutingKeys: []string{"x"}}}}}
	in := inCluster(westSite(), byName("a", "db", "db", 5432), byName("b", "web", "web", 80), key)
	obs := Observed{Now: time.Unix(1e9, 0), Running: true, Network: []v2alpha1.SiteRecord{{ID: "e", Services: []v2alpha1.ServiceRecord{
		{RoutingKey: "web.0-pod", Connectors: []string{"c"}}, {RoutingKey: "web.1-pod", Connectors: []string{"c"}}}}}}
	before := render(t, in, obs)
	in.Refused = map[string]error{"db": errors.New("exceeded quota"), "0-pod": errors.New("no name"), "1-pod": errors.New("no name")}
	d, err := Plan(in, obs)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "False exceeded quota", "k": "False exceeded quota", "b": "True pod 0-pod cannot be reached by its name: no name"} {
		if c := conditionOf(t, d, name, v2alpha1.ConditionConfigured); fmt.Sprint(c.Status, " ", c.Message) != want {
			t.Errorf("%s says %s %q, want %q", name, c.Status, c.Message, want)
		}
	}
	made := func(text string) string { all, _, _ := strings.Cut(text, "\nstatus "); return all }
	if after := render(t, in, obs); made(after) != made(before) {
		t.Errorf("the plan differs:\n%s\n%s", before, after)
	}
}

// TestAccessIsRefused has a router access for which nothing can be made.
func TestAccessIsRefused(t *testing.T) {
	ra := &v2alpha1.RouterAccess{ObjectMeta: metav1.ObjectMeta{Name: "mine", Namespace: "west", UID: "r"},
		Spec: v2alpha1.RouterAccessSpec{Roles: []v2alpha1.RouterAccessRole{{Name: v2alpha1.RoleEdge}}}}
	in := inCluster(westSite(), ra)
	in.Faults = map[string]error{"r": errors.New("exceeded quota")}
	d, err := Plan(in, Observed{Now: time.Unix(1e9, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if c := conditionOf(t, d, "mine", v2alpha1.ConditionResolved); c.Status != metav1.ConditionFalse || c.Message != "exceeded quota" {
		t.Errorf("got %+v", c)
	}
}

// TestAccessSaysMoreThanThatItWaits has an access that cannot be made, and so no certificate ever comes for: the cause is told.
func TestAccessSaysMoreThanThatItWaits(t *testing.T) {
	ra := &v2alpha1.RouterAccess{ObjectMeta: metav1.ObjectMeta{Name: "mine", Namespace: "west", UID: "r"},
		Spec: v2alpha1.RouterAccessSpec{AccessType: "gateway", GenerateTLSCredentials: true, TLSCredentials: "mine", Roles: []v2alpha1.RouterAccessRole{{Name: v2alpha1.RoleEdge}}}}
	sa := &v2alpha1.SecuredAccess{ObjectMeta: metav1.ObjectMeta{Name: "mine", Namespace: "west", Annotations: map[string]string{AnnotationControlled: "true", AnnotationRouterAccess: "mine"}}}
	in := inCluster(westSite(), ra)
	in.SecuredAccesses = []*v2alpha1.SecuredAccess{sa}
	now := Observed{Now: time.Unix(1e9, 0), Running: true}
	message := func() string {
		t.Helper()
		d, err := Plan(in, now)
		if err != nil {
			t.Fatal(err)
		}
		return conditionOf(t, d, "mine", v2alpha1.ConditionConfigured).Message
	}
	if got := message(); got != `TLS credentials secret "mine" not found` {
		t.Errorf("before anything was tried: %q", got)
	}
	sa.Status.StatusType, sa.Status.Message = v2alpha1.StatusError, "unsupported access type"
	if got := message(); got != "unsupported access type" {
		t.Errorf("got %q", got)
	}
	in.Secrets = append(in.Secrets, tlsSecret("mine"))
	if got := message(); got != v2alpha1.MessageOK {
		t.Errorf("with a certificate: %q", got)
	}
}

// TestSiteIsGone has router accesses, the user's own, without a site: nothing leads to them any more.
func TestSiteIsGone(t *testing.T) {
	ra := &v2alpha1.RouterAccess{ObjectMeta: metav1.ObjectMeta{Name: "mine", Namespace: "west", UID: "r"},
		Spec: v2alpha1.RouterAccessSpec{Roles: []v2alpha1.RouterAccessRole{{Name: v2alpha1.RoleEdge}}}}
	access := func(name string, annotations map[string]string) *v2alpha1.SecuredAccess {
		return &v2alpha1.SecuredAccess{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "west", Annotations: annotations},
			Status: v2alpha1.SecuredAccessStatus{Endpoints: []v2alpha1.Endpoint{{Name: "edge", Host: "192.0.2.1", Port: "45671"}}}}
	}
	made := map[string]string{AnnotationControlled: "true", AnnotationRouterAccess: "mine"}
	in := inCluster(westSite(), ra)
	in.SecuredAccesses = []*v2alpha1.SecuredAccess{access("mine", made), access("theirs", nil), access("grants", map[string]string{AnnotationControlled: "true"})}
	now := Observed{Now: time.Unix(1e9, 0), Running: true}
	with, err := Plan(in, now)
	if err != nil || len(with.Obsolete) > 0 || len(with.RouterAccesses[0].Status.Endpoints) != 1 {
		t.Fatalf("got %+v, %v", with, err)
	}
	in.Sites, in.RouterAccesses = nil, with.RouterAccesses
	d, err := Plan(in, now)
	if err != nil || len(d.Obsolete) != 1 || d.Obsolete[0].GetName() != "mine" {
		t.Fatalf("obsolete %v, %v", d.Obsolete, err)
	}
	got, _ := d.Statuses[0].(*v2alpha1.RouterAccess)
	if got == nil || len(got.Status.Endpoints) > 0 || got.Status.Condition(v2alpha1.ConditionResolved) != nil || got.Status.Message != v2alpha1.MessageNoActiveSite {
		t.Errorf("got %+v", got)
	}
}
