package site

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// TestPortsThatCannotStay has ports in the configuration of a router that it cannot have: of its own listeners, of a router access that
// came later, the same twice, below those that anybody may use.
func TestPortsThatCannotStay(t *testing.T) {
	listener := func(name string, port int) *v2alpha1.Listener {
		return &v2alpha1.Listener{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "west"},
			Spec: v2alpha1.ListenerSpec{RoutingKey: name, Host: name, Port: port}}
	}
	in := Resources{Namespace: "west", Platform: PlatformKubernetes, CertDir: "/c", ProxyDir: "/p",
		Sites:     []*v2alpha1.Site{{ObjectMeta: metav1.ObjectMeta{Name: "west", Namespace: "west", UID: "u"}}},
		Listeners: []*v2alpha1.Listener{listener("a", 80), listener("b", 80), listener("c", 80), listener("d", 80), listener("e", 80)},
		RouterAccesses: []*v2alpha1.RouterAccess{{ObjectMeta: metav1.ObjectMeta{Name: "more", Namespace: "west"},
			Spec: v2alpha1.RouterAccessSpec{Roles: []v2alpha1.RouterAccessRole{{Name: "inter-router", Port: 1030}}}}}}
	before := map[string]int{"listener/a": 9090, "listener/b": 1030, "listener/c": 1026, "listener/d": 1026, "listener/e": 80}
	d, err := Plan(in, Observed{Now: time.Unix(1, 0), Running: true, Ports: before})
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]string{"9090": "health", "5671": "amqps", "5672": "amqp", "1030": "router access"}
	for _, l := range d.Config.TCPListeners {
		if other, twice := used[l.Port]; twice {
			t.Errorf("%s has port %s of %s", l.Name, l.Port, other)
		}
		used[l.Port] = l.Name
	}
	if used["1026"] != "listener/c" || used["80"] != "" || len(d.Config.TCPListeners) != 5 {
		t.Errorf("ports %v", used)
	}
	again, err := Plan(in, Observed{Now: time.Unix(2, 0), Running: true, Ports: d.Ports})
	if err != nil {
		t.Fatal(err)
	}
	for name, port := range d.Ports {
		if again.Ports[name] != port {
			t.Errorf("%s had port %d, and has %d", name, port, again.Ports[name])
		}
	}
}

// TestPortsOfTheAdaptor has router accesses at ports that the adaptor in the same pod has.
func TestPortsOfTheAdaptor(t *testing.T) {
	for port, want := range map[int]string{9191: "port 9191 is used by the adaptor beside the router: choose another one",
		9000: "port 9000 is used by the adaptor beside the router: choose another one", 9192: ""} {
		ra := &v2alpha1.RouterAccess{ObjectMeta: metav1.ObjectMeta{Name: "more", Namespace: "west"},
			Spec: v2alpha1.RouterAccessSpec{TLSCredentials: "creds", Roles: []v2alpha1.RouterAccessRole{{Name: "inter-router", Port: port}}}}
		creds := &v2alpha1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "creds", Namespace: "west"}, Type: v2alpha1.SecretTypeTLS,
			Data: map[string][]byte{"ca.crt": []byte("x"), "tls.crt": []byte("x"), "tls.key": []byte("x")}}
		d, err := Plan(Resources{Namespace: "west", Platform: PlatformKubernetes, CertDir: "/c", ProxyDir: "/p", Secrets: []*v2alpha1.Secret{creds},
			Sites:          []*v2alpha1.Site{{ObjectMeta: metav1.ObjectMeta{Name: "west", Namespace: "west", UID: "u"}}},
			RouterAccesses: []*v2alpha1.RouterAccess{ra}}, Observed{Now: time.Unix(1, 0)})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, o := range d.Statuses {
			if ra, ok := o.(*v2alpha1.RouterAccess); ok {
				if c := ra.Status.Condition(v2alpha1.ConditionConfigured); c.Status != metav1.ConditionTrue {
					got = c.Message
				}
			}
		}
		if got != want {
			t.Errorf("%d: %q, want %q", port, got, want)
		}
	}
}
