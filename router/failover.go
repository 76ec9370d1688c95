package router

import (
	"slices"
	"strings"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// failoverProperty is the property of an open in which a listener tells where else its peers may connect.
const failoverProperty = "failover-server-list"

// failoverList is the value of that property.
func failoverList(places []config.Place) []any {
	list := make([]any, 0, len(places))
	for _, p := range places {
		m := wire.Map{{Key: wire.Symbol("network-host"), Value: p.Host}, {Key: wire.Symbol("port"), Value: p.Port}}
		if p.Scheme != "" {
			m = append(m, wire.Pair{Key: wire.Symbol("scheme"), Value: p.Scheme})
		}
		list = append(list, m)
	}
	return list
}

// toldPlaces reads what the peer tells of other places; told is false when it says nothing. What cannot be dialled is passed over.
func toldPlaces(properties wire.Map) (places []config.Place, told bool) {
	v, ok := properties.Get(failoverProperty)
	list, isList := v.([]any)
	if !ok || !isList {
		return nil, false
	}
	for _, item := range list {
		m, _ := item.(wire.Map)
		get := func(key string) string {
			v, _ := m.Get(key)
			return text(v)
		}
		p := config.Place{Scheme: get("scheme"), Host: get("network-host"), Port: orDefault(get("port"), "5672")}
		if p.Valid() && len(places) < config.MaxPlaces {
			places = append(places, p)
		}
	}
	return places, true
}

// places is where a connector may dial: its own host, and what its peer told it of. It stays at a place as long as that can be reached.
type places struct {
	all []config.Place // the first is what is configured
	now int
}

func newPlaces(host, port string) places {
	return places{all: []config.Place{{Host: host, Port: port}}}
}

func (p *places) current() config.Place { return p.all[p.now] }

// learn takes the list of the peer that has been reached, in the place of what another one said. Where it was reached stays in the list.
func (p *places) learn(told []config.Place) {
	here := p.current()
	all := p.all[:1:1]
	add := func(o config.Place) {
		if !slices.ContainsFunc(all, func(have config.Place) bool { return have.Host == o.Host && have.Port == o.Port }) {
			all = append(all, o)
		}
	}
	add(here)
	for _, o := range told {
		add(o)
	}
	p.all = all
	p.now = slices.IndexFunc(all, func(o config.Place) bool { return o.Host == here.Host && o.Port == here.Port })
}

// next goes on to the next place and reports that there is another one.
func (p *places) next() bool {
	p.now = (p.now + 1) % len(p.all)
	return len(p.all) > 1
}

// String is the list as management shows it, from the current place on.
func (p *places) String() string {
	var texts []string
	for i := range p.all {
		texts = append(texts, p.all[(p.now+i)%len(p.all)].String())
	}
	return strings.Join(texts, ", ")
}
