package op

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

func aListener(name, host string, port int) *v2alpha1.Listener {
	return &v2alpha1.Listener{ObjectMeta: named(name), Spec: v2alpha1.ListenerSpec{RoutingKey: name, Host: host, Port: port, Type: "tcp"}}
}

func TestCreateListener(t *testing.T) {
	none := Wait{For: WaitNone}
	for _, tc := range []struct {
		name   string
		store  *memory
		system System
		verb   CreateListener
		did    Did
		kind   fault.Kind
		text   string
	}{
		{"new", newMemory(), nil, CreateListener{Name: "a", Host: "a", Port: 1, Type: "tcp"}, Created, 0, ""},
		{"same", newMemory(aListener("a", "a", 1)), nil, CreateListener{Name: "a", Host: "a", Port: 1, Type: "tcp"}, Unchanged, 0, ""},
		{"different", newMemory(aListener("a", "a", 1)), nil, CreateListener{Name: "a", Host: "a", Port: 2, Type: "tcp"}, "", fault.Conflict, "listener a exists already and is different"},
		{"address-taken", newMemory(aListener("b", "h", 1)), nil, CreateListener{Name: "a", Host: "h", Port: 1, Type: "tcp"}, "", fault.Conflict, "listener a: listener b has h:1 already"},
		{"address-taken-by-many", newMemory(&v2alpha1.MultiKeyListener{ObjectMeta: named("b"), Spec: v2alpha1.MultiKeyListenerSpec{Host: "h", Port: 1}}), nil,
			CreateListener{Name: "a", Host: "h", Port: 1, Type: "tcp"}, "", fault.Conflict, "listener a: multikeylistener b has h:1 already"},
		{"any-address-taken", newMemory(aListener("b", "0.0.0.0", 1)), &fakeSystem{}, CreateListener{Name: "a", Host: "10.0.0.1", Port: 1, Type: "tcp"}, "", fault.Conflict, "has 0.0.0.0:1 already"},
		{"any-address-is-a-name-in-a-cluster", newMemory(aListener("b", "0.0.0.0", 1)), nil, CreateListener{Name: "a", Host: "10.0.0.1", Port: 1, Type: "tcp"}, Created, 0, ""},
		{"other-address", newMemory(aListener("b", "10.0.0.2", 1)), &fakeSystem{}, CreateListener{Name: "a", Host: "10.0.0.1", Port: 1, Type: "tcp"}, Created, 0, ""},
		{"no-secret-in-a-cluster", newMemory(), nil, CreateListener{Name: "a", Host: "a", Port: 1, Type: "tcp", Credential: "s"}, "", fault.Missing, `there is no secret "s"`},
		{"local-secret-is-made", newMemory(), &fakeSystem{}, CreateListener{Name: "a", Host: "a", Port: 1, Type: "tcp", Credential: "s"}, Created, 0, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.verb.Wait = none
			did, err := tc.verb.Run(t.Context(), Ports{Store: tc.store, System: tc.system}, nil)
			wantKind(t, err, tc.kind, tc.text)
			if err == nil && did.Did != tc.did {
				t.Errorf("did %v, want %v", did.Did, tc.did)
			}
		})
	}
}

func TestClash(t *testing.T) {
	for _, tc := range []struct {
		a, b  string
		clash bool
	}{
		{"10.0.0.1", "10.0.0.1", true}, {"10.0.0.1", "10.0.0.2", false}, {"0.0.0.0", "10.0.0.1", true}, {"::", "10.0.0.1", true}, {"::", "::1", true},
		{"0.0.0.0", "::1", false}, {"0.0.0.0", "::", true}, {"localhost", "LOCALHOST", true}, {"localhost", "0.0.0.0", false},
	} {
		for _, pair := range [][2]string{{tc.a, tc.b}, {tc.b, tc.a}} {
			if got := clash(Ports{System: &fakeSystem{}}, pair[0], pair[1]); got != tc.clash {
				t.Errorf("%s and %s: %v", pair[0], pair[1], got)
			}
		}
	}
}

// Without a site nobody will act: that is told, not waited for.
func TestCreateListenerWithoutSite(t *testing.T) {
	for _, tc := range []struct {
		name, note string
		ports      Ports
	}{
		{"none", "there is no site in namespace default yet: this takes effect when there is one", Ports{Store: newMemory(), System: &fakeSystem{}}},
		{"stopped", "the site is stopped: this takes effect when it is started", Ports{Store: newMemory(west()), System: &fakeSystem{stopped: true}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			did, err := CreateListener{Name: "a", Host: "a", Port: 1, Type: "tcp", Wait: aWait}.Run(t.Context(), tc.ports, nil)
			if err != nil || strings.Join(did.Notes, "") != tc.note {
				t.Errorf("notes %q, %v", did.Notes, err)
			}
		})
	}
}

// Each flag changes its field and nothing else, whatever else the resource has.
func TestUpdateListenerIsAPatch(t *testing.T) {
	full := func() *v2alpha1.Listener {
		l := aListener("a", "h", 1)
		l.Spec.TLSCredentials, l.Spec.Observer, l.Spec.ExposePodsByName, l.Spec.Settings = "s", "http1", true, map[string]string{"x": "y"}
		l.Labels = map[string]string{"team": "a"}
		return l
	}
	for _, tc := range []struct {
		name string
		verb UpdateListener
		did  Did
		want func(*v2alpha1.ListenerSpec)
	}{
		{"port", UpdateListener{Port: ptr(2)}, Updated, func(s *v2alpha1.ListenerSpec) { s.Port = 2 }},
		{"host", UpdateListener{Host: ptr("i")}, Updated, func(s *v2alpha1.ListenerSpec) { s.Host = "i" }},
		{"routing-key", UpdateListener{RoutingKey: ptr("k")}, Updated, func(s *v2alpha1.ListenerSpec) { s.RoutingKey = "k" }},
		{"no-tls", UpdateListener{Credential: ptr("")}, Updated, func(s *v2alpha1.ListenerSpec) { s.TLSCredentials = "" }},
		{"same", UpdateListener{Port: ptr(1), Host: ptr("h"), Type: ptr("tcp")}, Unchanged, func(*v2alpha1.ListenerSpec) {}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newMemory(full())
			tc.verb.Name, tc.verb.Wait = "a", Wait{For: WaitNone}
			did, err := tc.verb.Run(t.Context(), Ports{Store: m}, nil)
			if err != nil || did.Did != tc.did {
				t.Fatalf("did %v, %v", did.Did, err)
			}
			want := full().Spec
			tc.want(&want)
			got := must[*v2alpha1.Listener](t, m, "a")
			if !reflect.DeepEqual(got.Spec, want) || got.Labels["team"] != "a" {
				t.Errorf("got %+v, want %+v", got.Spec, want)
			}
		})
	}
	m := newMemory(full(), aListener("b", "i", 1))
	_, err := UpdateListener{Name: "a", Host: ptr("i"), Wait: Wait{For: WaitNone}}.Run(t.Context(), Ports{Store: m}, nil)
	wantKind(t, err, fault.Conflict, "listener a: listener b has i:1 already")
	_, err = UpdateListener{Name: "x", Host: ptr("i"), Wait: Wait{For: WaitNone}}.Run(t.Context(), Ports{Store: m}, nil)
	wantKind(t, err, fault.Missing, `there is no listener "x"`)
}

type pods map[string]string

func (p pods) Selector(_ context.Context, kind, name string) (string, error) {
	if s, ok := p[kind+"/"+name]; ok {
		return s, nil
	}
	return "", fault.New(fault.Missing, "no such workload", "")
}

func TestConnectorTargets(t *testing.T) {
	workloads := pods{"deployment/web": "app=web,tier=front"}
	for _, tc := range []struct {
		name           string
		target         Target
		host, selector string
		kind           fault.Kind
	}{
		{"default", Target{}, "", "app=a", 0},
		{"host", Target{Host: "h"}, "h", "", 0},
		{"selector", Target{Selector: "x=y"}, "", "x=y", 0},
		{"workload", Target{Workload: "Deployment/web"}, "", "app=web,tier=front", 0},
		{"no-such-workload", Target{Workload: "service/web"}, "", "", fault.Missing},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newMemory()
			_, err := CreateConnector{Name: "a", Port: 1, Target: tc.target, Type: "tcp", Wait: Wait{For: WaitNone}}.Run(t.Context(), Ports{Store: m, Workloads: workloads}, nil)
			wantKind(t, err, tc.kind, "")
			if err != nil {
				return
			}
			if s := must[*v2alpha1.Connector](t, m, "a").Spec; s.Host != tc.host || s.Selector != tc.selector || s.RoutingKey != "a" {
				t.Errorf("got %+v", s)
			}
		})
	}
}

func TestUpdateConnectorIsAPatch(t *testing.T) {
	full := func() *v2alpha1.Connector {
		return &v2alpha1.Connector{ObjectMeta: named("a"), Spec: v2alpha1.ConnectorSpec{RoutingKey: "k", Port: 1, Selector: "x=y", TLSCredentials: "s", UseClientCert: true,
			VerifyHostname: true, ExposePodsByName: true, IncludeNotReadyPods: true, Settings: map[string]string{"x": "y"}}}
	}
	for _, tc := range []struct {
		name string
		verb UpdateConnector
		want func(*v2alpha1.ConnectorSpec)
	}{
		{"port", UpdateConnector{Port: ptr(2)}, func(s *v2alpha1.ConnectorSpec) { s.Port = 2 }},
		{"host-for-selector", UpdateConnector{Target: Target{Host: "localhost"}}, func(s *v2alpha1.ConnectorSpec) { s.Host, s.Selector = "localhost", "" }},
		{"only-ready-pods", UpdateConnector{IncludeNotReady: ptr(false)}, func(s *v2alpha1.ConnectorSpec) { s.IncludeNotReadyPods = false }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newMemory(full())
			tc.verb.Name, tc.verb.Wait = "a", Wait{For: WaitNone}
			if did, err := tc.verb.Run(t.Context(), Ports{Store: m}, nil); err != nil || did.Did != Updated {
				t.Fatalf("did %v, %v", did.Did, err)
			}
			want := full().Spec
			tc.want(&want)
			if got := must[*v2alpha1.Connector](t, m, "a").Spec; !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestDeleteWaitsUntilItIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory(aListener("a", "h", 1))
		if _, err := (DeleteListener{Name: "a", Gone: Gone{Wait: true, Timeout: time.Minute}}).Run(t.Context(), Ports{Store: m}, nil); err != nil {
			t.Error(err)
		}
		stubborn := lingering{newMemory(aListener("a", "h", 1))}
		_, err := DeleteListener{Name: "a", Gone: Gone{Wait: true, Timeout: time.Minute}}.Run(t.Context(), Ports{Store: stubborn}, nil)
		wantKind(t, err, fault.Late, "listener a is not gone after 1m: still there")
	})
	_, err := DeleteConnector{Name: "a", Gone: aGone}.Run(t.Context(), Ports{Store: newMemory()}, nil)
	wantKind(t, err, fault.Missing, `there is no connector "a" in namespace default`)
}

// lingering is a store where something holds on to what is deleted.
type lingering struct{ *memory }

func (lingering) Delete(context.Context, string, string) error { return nil }

func TestSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, sys := newMemory(west()), &fakeSystem{stopped: true}
		p := Ports{Store: m, System: sys}
		if did, err := (StartSystem{aWait}).Run(t.Context(), p, nil); err != nil || did.Name != "west" || sys.started != 1 {
			t.Error(did, err)
		}
		if did, err := (StopSystem{}).Run(t.Context(), p); err != nil || did.Name != "west" || sys.stops != 1 || m.names() != "Site/west" {
			t.Error(did, err)
		}
		sys.stopped = false
		wantKind(t, UninstallSystem{}.Run(t.Context(), p), fault.Conflict, "site west runs")
		if err := (UninstallSystem{Force: true}).Run(t.Context(), p); err != nil {
			t.Error(err)
		}
		if _, err := (ReloadSystem{time.Minute}).Run(t.Context(), p, nil); err != nil {
			t.Error(err)
		}
		sys.stopped = true
		if did, err := (ReloadSystem{time.Minute}).Run(t.Context(), p, nil); err != nil || len(did.Notes) != 1 || !strings.Contains(did.Notes[0], "takes effect when it is started") {
			t.Errorf("of a stopped site: %+v, %v", did, err)
		}
		sys.stopped = false
		sys.reload = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		_, err := ReloadSystem{time.Minute}.Run(t.Context(), p, nil)
		wantKind(t, err, fault.Late, "site west is not reloaded after 1m")
		none := Ports{Store: newMemory(), System: sys}
		for _, run := range []func() error{
			func() error { _, err := (StartSystem{aWait}).Run(t.Context(), none, nil); return err },
			func() error { _, err := (StopSystem{}).Run(t.Context(), none); return err },
			func() error { _, err := (ReloadSystem{time.Minute}).Run(t.Context(), none, nil); return err },
		} {
			wantKind(t, run(), fault.Missing, "there is no site in namespace default")
		}
		sys.start = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		_, err = StartSystem{aWait}.Run(t.Context(), p, nil)
		wantKind(t, err, fault.Late, "start site west: its processes have not started after 1m")
		sys.start = nil
		sys.startErr = errors.New("port 55671 is taken")
		if _, err = (StartSystem{aWait}).Run(t.Context(), p, nil); err == nil || !strings.Contains(err.Error(), "start site west: port 55671 is taken") {
			t.Error(err)
		}
	})
}
