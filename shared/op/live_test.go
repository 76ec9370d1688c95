package op

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

type observer struct {
	site.Observed
	err error
}

func (o observer) Observe(context.Context) (site.Observed, error) { return o.Observed, o.err }

func TestStatusAsksTheRouter(t *testing.T) {
	link := &v2alpha1.Link{ObjectMeta: named("l"), Spec: v2alpha1.LinkSpec{Cost: 1}}
	settled(link)
	fresh := &v2alpha1.Link{ObjectMeta: named("l")}
	configured := &v2alpha1.Link{ObjectMeta: named("l")}
	v2alpha1.SetCondition(time.Now(), configured, v2alpha1.ConditionConfigured, nil)
	broken := &v2alpha1.Link{ObjectMeta: named("l")}
	failing(v2alpha1.ConditionConfigured, "no secret")(broken)
	with := func(l site.LinkState) Observer {
		return observer{Observed: site.Observed{Running: true, Links: map[string]site.LinkState{"l": l}}}
	}
	for _, tc := range []struct {
		name   string
		link   *v2alpha1.Link
		system System
		router Observer
		want   string
		note   string
	}{
		{"nobody-to-ask", link, nil, nil, "Ready OK", ""},
		{"nobody-to-ask-fresh", fresh, nil, nil, "Pending Not Configured", ""},
		{"up", configured, nil, with(site.LinkState{Up: true, RemoteName: "west"}), "Ready OK", ""},
		{"down", link, nil, with(site.LinkState{}), "Pending Not operational", ""},
		{"never-up", configured, nil, with(site.LinkState{}), "Pending Not Operational", ""},
		{"down-and-why", link, nil, with(site.LinkState{LastError: "dial tcp 10.0.0.1:55671: connection refused"}), "Pending Not operational: dial tcp 10.0.0.1:55671: connection refused", ""},
		{"unknown-to-the-router", link, nil, observer{Observed: site.Observed{Running: true}}, "Ready OK", ""},
		{"the-router-has-others-only", link, nil, observer{Observed: site.Observed{Running: true, Links: map[string]site.LinkState{"m": {Up: true}}}},
			"Pending Not operational: the router does not have this link yet", ""},
		{"wrong-whatever-the-router-says", broken, nil, with(site.LinkState{Up: true}), "Error no secret", ""},
		{"router-down", link, nil, observer{}, "Pending Not Running", ""},
		{"router-down-and-why", link, nil, observer{Observed: site.Observed{NotReady: "exit status 1"}}, "Pending Not Running: exit status 1", ""},
		{"router-down-and-the-system-knows-more", link, &fakeSystem{router: Process{Detail: "exit status 1: no room"}}, observer{Observed: site.Observed{NotReady: "exit status 1"}}, "Pending Not Running: exit status 1: no room", ""},
		{"router-is-silent", link, &fakeSystem{router: Process{Running: true, Detail: "process of its own"}}, observer{Observed: site.Observed{NotReady: "it does not answer"}}, "Pending Not Running: it does not answer", ""},
		{"stopped", link, &fakeSystem{stopped: true}, observer{}, "Pending the site is stopped", ""},
		{"router-does-not-answer", link, nil, observer{err: errors.New("no route")}, "Ready OK", "cannot ask the router, so the last known state is shown: no route"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found, err := LinkStatus{}.Run(t.Context(), Ports{Store: newMemory(west(), tc.link), System: tc.system, Observer: tc.router})
			if err != nil {
				t.Fatal(err)
			}
			s := found.Items[0].Status
			if got := string(s.StatusType) + " " + s.Message; got != tc.want || strings.Join(found.Notes, "") != tc.note {
				t.Errorf("got %q %q, want %q %q", got, found.Notes, tc.want, tc.note)
			}
		})
	}
}

func TestStatusOfTheOtherKinds(t *testing.T) {
	con := &v2alpha1.Connector{ObjectMeta: named("c")}
	settled(con)
	lis := aListener("key", "h", 1)
	settled(lis)
	up := observer{Observed: site.Observed{Running: true, Addresses: map[string]site.AddressState{"key": {RemoteConsumers: 1}}}}
	alone := observer{Observed: site.Observed{Running: true, Addresses: map[string]site.AddressState{}}}
	for _, tc := range []struct {
		name   string
		system System
		router Observer
		want   string // site, listener, connector
	}{
		{"up", &fakeSystem{}, up, "Ready OK, Ready OK, Ready OK"},
		{"nobody-serves", nil, alone, "Ready OK, Pending No matching connectors, Ready OK"},
		{"an-edge-router-knows-not-who-serves", nil, observer{Observed: site.Observed{Running: true, Edge: true, Addresses: map[string]site.AddressState{}}}, "Ready OK, Ready OK, Ready OK"},
		{"addresses-not-known", nil, observer{Observed: site.Observed{Running: true}}, "Ready OK, Ready OK, Ready OK"},
		{"down", nil, observer{}, "Pending Not Running, Pending Not Running, Pending Not Running"},
		{"stopped", &fakeSystem{stopped: true}, observer{}, "Stopped the site is stopped, Pending the site is stopped, Pending the site is stopped"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := Ports{Store: newMemory(west(), lis, con), System: tc.system, Observer: tc.router}
			var got []string
			show := func(o v2alpha1.Object) {
				s := v2alpha1.StatusOf(o)
				got = append(got, string(s.StatusType)+" "+s.Message)
			}
			sites, err := SiteStatus{Name: "west"}.Run(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			listeners, err := ListenerStatus{}.Run(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			connectors, err := ConnectorStatus{}.Run(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			show(sites.Items[0])
			show(listeners.Items[0])
			show(connectors.Items[0])
			if strings.Join(got, ", ") != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestStatusWithoutSite(t *testing.T) {
	found, err := LinkStatus{}.Run(t.Context(), Ports{Store: newMemory()})
	if err != nil || len(found.Items) != 0 || len(found.Notes) != 0 {
		t.Errorf("%+v, %v", found, err)
	}
	found, err = LinkStatus{}.Run(t.Context(), Ports{Store: newMemory(&v2alpha1.Link{ObjectMeta: named("l")})})
	if err != nil || len(found.Items) != 1 || strings.Join(found.Notes, "") != "there is no site in namespace default" {
		t.Errorf("%+v, %v", found, err)
	}
}
