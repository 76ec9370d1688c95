package router

import (
	"slices"
	"testing"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

func TestPlaces(t *testing.T) {
	p := newPlaces("a", "1")
	if p.next() || p.String() != "a:1" {
		t.Errorf("a single place has a next one: %v", &p)
	}
	b, c := config.Place{Scheme: "amqps", Host: "b", Port: "2"}, config.Place{Host: "c", Port: "3"}
	p.learn([]config.Place{b, {Host: "a", Port: "1"}, b})
	if p.String() != "a:1, amqps://b:2" {
		t.Errorf("learned %v", &p)
	}
	if !p.next() || p.current() != b || p.String() != "amqps://b:2, a:1" {
		t.Errorf("next is %v", &p)
	}
	p.learn([]config.Place{c}) // b stays: it is where the connector is
	if p.current() != b || p.String() != "amqps://b:2, c:3, a:1" {
		t.Errorf("learned at b: %v", &p)
	}
	p.learn(nil)
	if p.current() != b || p.String() != "amqps://b:2, a:1" {
		t.Errorf("an empty list: %v", &p)
	}
	p.next()
	p.learn(nil)
	if p.String() != "a:1" {
		t.Errorf("an empty list at home: %v", &p)
	}
}

func TestFailoverProperty(t *testing.T) {
	places, err := config.ParseFailover(" amqps://[::1]:55671,b , c:7")
	if err != nil {
		t.Fatal(err)
	}
	property := wire.Map{{Key: wire.Symbol(failoverProperty), Value: failoverList(places)}}
	if got, told := toldPlaces(property); !told || !slices.Equal(got, places) {
		t.Errorf("told %v of %v", got, places)
	}
	if _, told := toldPlaces(wire.Map{}); told {
		t.Error("silence is a list")
	}
	if got, told := toldPlaces(wire.Map{{Key: wire.Symbol(failoverProperty), Value: []any{}}}); !told || len(got) > 0 {
		t.Errorf("an empty list: %v, %t", got, told)
	}
	host := func(v any) []any {
		return []any{wire.Map{{Key: wire.Symbol("network-host"), Value: v}}}
	}
	for _, v := range []any{host(""), host(uint64(7)), host("a b"), []any{"text"}, "text"} {
		if got, _ := toldPlaces(wire.Map{{Key: wire.Symbol(failoverProperty), Value: v}}); len(got) > 0 {
			t.Errorf("%v is a place: %v", v, got)
		}
	}
	var many []any
	for range config.MaxPlaces + 5 {
		many = append(many, host("h")[0])
	}
	if got, _ := toldPlaces(wire.Map{{Key: wire.Symbol(failoverProperty), Value: many}}); len(got) != config.MaxPlaces {
		t.Errorf("%d places", len(got))
	}
}
