package validate

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

func TestRules(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for name, tc := range map[string]struct {
		rule func(string) error
		good []string
		bad  []string
	}{
		"name": {Name, []string{"a", "a-b", "a.b", "0", x(252), x(253)},
			[]string{"", "A", "a_b", "-a", "a-", "a..b", ".a", "a/b", "../a", "a\n", x(254)}},
		"label":  {Label, []string{"a", "a-1", x(62), x(63)}, []string{"", "a.b", x(64), "A"}},
		"host":   {Host, []string{"a", "10.0.0.1", "::1", "fe80::1", "Web_1.Example.COM", "a.b.", "h1", "1.2.3.x", x(63)}, []string{"", "bad host", "a..b", "-a", "1.2.3", "10.0.0.256", "a:80", x(64), "[::1]"}},
		"port":   {PortText, []string{"1", "65534", "65535"}, []string{"", "0", "65536", "99999999999999999999", "-1", "+1", " 1", "0x1"}},
		"key":    {RoutingKey, []string{"a", "a/b", "A.b_c", "mcx", x(253)}, []string{"", "a b", "a\x00", "$management", "_topo/0", "mc/x", "mc", x(254)}},
		"select": {Selector, []string{"app=a", "app=a_b,x=y", "app in (a,b)", "!x", "a!=b"}, []string{"", " ", "=", "a=b c", "app in", strings.Repeat("a", 5000)}},
		"logs":   {LogLevels, []string{"info", "info+", "ROUTER_CORE:error+,debug", ":warning"}, []string{"loud", "NOPE:info", "info,,", "info++"}},
		"window": {func(s string) error { return DurationText(s, time.Minute) }, []string{"1m", "60s", "1h30m"}, []string{"", "60", "59s", "-1h", "1 m"}},
		"word":   {func(s string) error { return OneOf(s, "", "tcp") }, []string{"", "tcp"}, []string{"udp"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range tc.good {
				if err := tc.rule(s); err != nil {
					t.Errorf("%.60q is refused: %v", s, err)
				}
			}
			for _, s := range tc.bad {
				if tc.rule(s) == nil {
					t.Errorf("%.60q is accepted", s)
				}
			}
		})
	}
	for n, ok := range map[int]bool{-1: false, 0: false, 1: true, 2: true, 65534: true, 65535: true, 65536: false} {
		if (Port(n) == nil) != ok {
			t.Errorf("port %d: %v", n, Port(n))
		}
	}
	for n, ok := range map[int]bool{0: false, 1: true, MaxCost: true, MaxCost + 1: false} {
		if (Cost(n) == nil) != ok {
			t.Errorf("cost %d: %v", n, Cost(n))
		}
	}
}

func TestObject(t *testing.T) {
	named := func(o v2alpha1.Object) v2alpha1.Object { o.SetName("x"); return o }
	ep := v2alpha1.Endpoint{Name: "edge", Host: "h", Port: "1"}
	for name, tc := range map[string]struct {
		obj  v2alpha1.Object
		want []string // none: it is good
	}{
		"site":      {&v2alpha1.Site{}, nil},
		"site-edge": {&v2alpha1.Site{Spec: v2alpha1.SiteSpec{Edge: true, HA: true, Settings: map[string]string{"router-logging": "x"}}}, []string{"Edge sites cannot have HA enabled", "router-logging"}},
		"listener":  {&v2alpha1.Listener{Spec: v2alpha1.ListenerSpec{RoutingKey: "k", Host: "h", Port: 1}}, nil},
		"listener-all": {&v2alpha1.Listener{Spec: v2alpha1.ListenerSpec{Observer: "x", Type: "udp", TLSCredentials: "../x"}},
			[]string{"spec.routingKey is empty", "spec.host is empty", "spec.port is 0, want 1 to 65535", "spec.tlsCredentials", "spec.type", "spec.observer"}},
		"connector":         {&v2alpha1.Connector{Spec: v2alpha1.ConnectorSpec{RoutingKey: "k", Host: "h", Port: 65535}}, nil},
		"connector-neither": {&v2alpha1.Connector{Spec: v2alpha1.ConnectorSpec{RoutingKey: "k", Port: 1}}, []string{"Connector must define a non-empty spec.host or spec.selector"}},
		"connector-both":    {&v2alpha1.Connector{Spec: v2alpha1.ConnectorSpec{RoutingKey: "k", Port: 1, Host: "h", Selector: "a=b"}}, []string{"has both"}},
		"link":              {&v2alpha1.Link{Spec: v2alpha1.LinkSpec{Endpoints: []v2alpha1.Endpoint{ep, {Name: "other"}}, Cost: -1}}, nil},
		"link-bad":          {&v2alpha1.Link{Spec: v2alpha1.LinkSpec{Endpoints: []v2alpha1.Endpoint{{Name: "edge"}}}}, []string{"spec.endpoints[0].host", "spec.endpoints[0].port"}},
		"link-empty":        {&v2alpha1.Link{}, []string{"spec.endpoints is empty"}},
		"mkl": {&v2alpha1.MultiKeyListener{Spec: v2alpha1.MultiKeyListenerSpec{Host: "h", Port: 1, Strategy: v2alpha1.Strategy{
			Priority: &v2alpha1.PriorityStrategy{RoutingKeys: []string{"a", "b"}}}}}, nil},
		"mkl-none": {&v2alpha1.MultiKeyListener{Spec: v2alpha1.MultiKeyListenerSpec{Host: "h", Port: 1}}, []string{"spec.strategy has none or both"}},
		"mkl-weights": {&v2alpha1.MultiKeyListener{Spec: v2alpha1.MultiKeyListenerSpec{Host: "h", Port: 1, Strategy: v2alpha1.Strategy{
			Weighted: &v2alpha1.WeightedStrategy{RoutingKeys: map[string]int{"a": 0, "b": MaxWeight + 1}}}}}, []string{"routingKeys.a is 0", "routingKeys.b is 2147483648"}},
		"access":     {&v2alpha1.RouterAccess{Spec: v2alpha1.RouterAccessSpec{Roles: []v2alpha1.RouterAccessRole{{Name: "edge"}, {Name: "inter-router"}}}}, nil},
		"access-bad": {&v2alpha1.RouterAccess{Spec: v2alpha1.RouterAccessSpec{Roles: []v2alpha1.RouterAccessRole{{Name: "normal"}}, Issuer: "a/b"}}, []string{"spec.roles[0].name", "spec.issuer"}},
		"token":      {&v2alpha1.AccessToken{Spec: v2alpha1.AccessTokenSpec{URL: "https://h/x", Code: "c", CA: "a"}}, nil},
		"token-bad":  {&v2alpha1.AccessToken{Spec: v2alpha1.AccessTokenSpec{URL: "http://h/x"}}, []string{"spec.url", "spec.code", "spec.ca"}},
		"grant-bad":  {&v2alpha1.AccessGrant{Spec: v2alpha1.AccessGrantSpec{RedemptionsAllowed: -1, ExpirationWindow: "soon"}}, []string{"redemptionsAllowed", "expirationWindow"}},
		"ca":         {&v2alpha1.Certificate{Spec: v2alpha1.CertificateSpec{Subject: "s", Signing: true}}, nil},
		"cert-hosts": {&v2alpha1.Certificate{Spec: v2alpha1.CertificateSpec{CA: "c", Subject: "a,b", Hosts: []string{"*.x.org", "10.0.0.1"}}}, nil},
		"cert-odd": {&v2alpha1.Certificate{Spec: v2alpha1.CertificateSpec{CA: "c", Subject: "a\nb", Hosts: []string{"", "a b"}}},
			[]string{"spec.subject", "spec.hosts[0]", "spec.hosts[1]"}},
		"cert-bad":  {&v2alpha1.Certificate{}, []string{"spec.ca", "spec.subject"}},
		"acnr":      {&v2alpha1.AttachedConnector{Spec: v2alpha1.AttachedConnectorSpec{SiteNamespace: "n", Selector: "a=b", Port: 1}}, nil},
		"acnrb-bad": {&v2alpha1.AttachedConnectorBinding{}, []string{"connectorNamespace", "routingKey"}},
		"sa-bad":    {&v2alpha1.SecuredAccess{}, []string{"spec.selector", "spec.ports"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := Object(named(tc.obj))
			if got := multierr.Errors(err); len(got) != len(tc.want) {
				t.Fatalf("got %d faults, want %d: %v", len(got), len(tc.want), err)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in %v", want, err)
				}
			}
		})
	}
	if err := Object(&v2alpha1.Site{}); err == nil || !strings.Contains(err.Error(), "metadata.name is empty") {
		t.Errorf("got %v", err)
	}
}
