package adaptor

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/network"
)

// many is a network of n sites, each with services of its own.
func many(sites, services int) network.Status {
	s := network.Status{Addresses: []network.Address{}, Sites: []network.Site{}}
	for i := range sites {
		r := network.Router{Info: network.RouterInfo{Name: fmt.Sprintf("0/r%d", i), Hostname: "host"}, Links: []network.Link{{Name: "l", Status: "up", Peer: "x"}}, Accesses: []network.Access{{ID: fmt.Sprintf("a%d", i)}}}
		for k := range services {
			name := fmt.Sprintf("service-%d-%d", i, k)
			s.Addresses = append(s.Addresses, network.Address{Name: name, ListenerCount: 1, ConnectorCount: 2})
			r.Listeners = append(r.Listeners, network.Listener{Name: name, Address: name})
			for range 2 {
				r.Connectors = append(r.Connectors, network.Connector{Address: name, DestHost: "10.0.0.1", Process: strings.Repeat("p", 36), Target: "pod"})
			}
		}
		s.Sites = append(s.Sites, network.Site{Info: network.SiteInfo{ID: fmt.Sprintf("s%d", i), Name: "site"}, Routers: []network.Router{r}})
	}
	return s
}

// TestBounded halves the limit again and again: what is left always fits, is a status, and has the own site.
func TestBounded(t *testing.T) {
	s := many(20, 10)
	whole, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for limit := len(whole); limit > 2500; limit = limit * 4 / 5 {
		text, dropped, err := bounded(s, "s17", limit)
		if err != nil || len(text) > limit {
			t.Fatalf("limit %d: %d octets, %v", limit, len(text), err)
		}
		seen[dropped] = true
		var got network.Status
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		own := false
		for _, site := range got.Sites {
			own = own || site.Info.ID == "s17"
		}
		if !own {
			t.Errorf("limit %d (%s): the own site is gone", limit, dropped)
		}
	}
	if !seen[""] || !seen["processes of connectors"] || !seen["connectors of other sites"] || !seen["routing keys or sites"] {
		t.Errorf("ways: %v", seen)
	}
	if after, _ := json.Marshal(s); string(after) != string(whole) {
		t.Error("the given status was changed")
	}
	if _, _, err := bounded(s, "s17", 100); !errors.Is(err, errTooBig) {
		t.Errorf("got %v", err)
	}
}

func TestForgets(t *testing.T) {
	all, one := many(3, 0), many(1, 0)
	other := many(1, 0)
	other.Sites[0].Routers[0].Info.Name = "0/new"
	for name, tt := range map[string]struct {
		before *network.Status
		now    network.Status
		want   bool
	}{
		"no predecessor":   {nil, one, false},
		"the same":         {&all, all, false},
		"more":             {&one, all, false},
		"fewer":            {&all, one, true},
		"another router":   {&all, other, false},
		"nothing known":    {&all, network.Status{}, true},
		"from nothing":     {&network.Status{}, one, false},
		"site, no routers": {&one, network.Status{Sites: []network.Site{{Info: one.Sites[0].Info}}}, true},
	} {
		if got := forgets(tt.before, tt.now, "s0"); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
