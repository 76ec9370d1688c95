package network

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/vanflow"
)

// at is a time, in seconds.
func at(s float64) time.Time {
	return time.Unix(1_000_000, 0).Add(time.Duration(s * float64(time.Second)))
}

func router(name string) beacon {
	return beacon{name + ":0", kindRouter, "mc/sfe." + name + ":0", "sfe." + name + ":0"}
}

func controller(id string) beacon {
	return beacon{id, kindController, "mc/sfe." + id, "sfe." + id}
}

// rec is a record with its attributes in pairs.
func rec(typ vanflow.Type, id string, attrs ...any) change {
	c := change{typ: typ, id: id, attrs: map[vanflow.Attr]any{}}
	for i := 0; i < len(attrs); i += 2 {
		a, _ := attrs[i].(vanflow.Attr)
		c.attrs[a] = attrs[i+1]
	}
	return c
}

func TestTableLife(t *testing.T) {
	tab := newTable()
	tab.beacon(at(0), router("a"))
	if got := tab.unsubscribed(at(0)); len(got) != 1 || got[0] != router("a") {
		t.Fatalf("to subscribe: %v", got)
	}
	if got := tab.unsubscribed(at(0)); got != nil {
		t.Errorf("to subscribe again: %v", got)
	}
	flushed := func(s float64, want int) {
		t.Helper()
		if got := tab.flushes(at(s)); len(got) != want || want > 0 && got[0] != "sfe.a:0" {
			t.Errorf("at %v: flushes %v, want %d", s, got, want)
		}
	}
	flushed(1, 0)
	tab.heard(at(1.2), "a:0")
	flushed(1.2, 1) // as soon as it is heard
	tab.heard(at(2), "a:0")
	flushed(3, 0)
	flushed(6.1, 0)
	flushed(6.2, 1) // no records came
	flushed(11.2, 1)
	flushed(16.2, 1)
	flushed(45, 0) // then rarely
	tab.update(at(46), "a:0", []change{rec(vanflow.Router, "a:0", vanflow.Name, "0/a")})
	flushed(80, 0) // they came

	tab.beacon(at(70), router("a"))
	if got := tab.forget(at(99.9)); got != nil {
		t.Errorf("forgot %v too soon", got)
	}
	if next := tab.next(); !next.Equal(at(100)) {
		t.Errorf("next is at %v", next)
	}
	tab.changed = false
	if got := tab.forget(at(100)); len(got) != 1 || !tab.changed || tab.records != 0 || len(tab.sources) != 0 {
		t.Errorf("forgot %v", got)
	}
	if !tab.next().IsZero() {
		t.Error("an empty table waits for something")
	}
	tab.update(at(101), "a:0", []change{rec(vanflow.Router, "a:0")})
	tab.lost(at(101), "a:0")
	if len(tab.sources) != 0 {
		t.Error("a source that is not known made itself known")
	}
}

func TestTableNotHeard(t *testing.T) {
	tab := newTable()
	tab.beacon(at(0), router("a"))
	tab.unsubscribed(at(0))
	if tab.flushes(at(1.9)) != nil || len(tab.flushes(at(2))) != 1 {
		t.Error("a source that says nothing is not asked after two seconds")
	}
	tab.lost(at(3), "a:0")
	if tab.unsubscribed(at(7.9)) != nil || !tab.next().Equal(at(8)) || len(tab.unsubscribed(at(8))) != 1 {
		t.Error("a subscription that was refused is not made again after five seconds")
	}
	tab.lostAll()
	if len(tab.unsubscribed(at(8))) != 1 {
		t.Error("with a new connection a subscription is not made at once")
	}
}

func TestTableRecords(t *testing.T) {
	tab := newTable()
	tab.beacon(at(0), router("a"))
	step := func(name string, changed bool, records int, cs ...change) {
		t.Helper()
		tab.changed = false
		tab.update(at(1), "a:0", cs)
		if tab.changed != changed || tab.records != records || len(tab.sources["a:0"].records) != records {
			t.Errorf("%s: changed %v, %d records", name, tab.changed, tab.records)
		}
	}
	step("new", true, 1, rec(vanflow.Link, "a:1", vanflow.Status, "down"))
	step("same", false, 1, rec(vanflow.Link, "a:1", vanflow.Status, "down"))
	step("delta", true, 1, rec(vanflow.Link, "a:1", vanflow.LinkCost, uint64(2)))
	step("nothing", false, 1, rec(vanflow.Link, "a:1"))
	step("other-type", false, 1, rec(vanflow.Listener, "a:1", vanflow.Name, "x"))
	step("end-of-zero", false, 1, rec(vanflow.Link, "a:1", vanflow.EndTime, uint64(0)))
	step("end-of-unknown", false, 1, rec(vanflow.Link, "a:2", vanflow.EndTime, uint64(time.Hour)))
	step("end", true, 0, rec(vanflow.Link, "a:1", vanflow.EndTime, uint64(1<<50)))
	step("of-another-router", false, 0, rec(vanflow.Link, "b:1"), rec(vanflow.Router, "b:0"), rec(vanflow.Router, "a:1"), rec(vanflow.Listener, "a"))
	step("process", false, 0, rec(vanflow.Process, "p"))
	step("site", true, 1, rec(vanflow.Site, "s"))

	tab.beacon(at(0), controller("s"))
	tab.update(at(1), "s", []change{rec(vanflow.Process, "p"), rec(vanflow.Site, "s"), rec(vanflow.Link, "s:1"), rec(vanflow.Router, "s")})
	if got := slices.Sorted(maps.Keys(tab.sources["s"].records)); !slices.Equal(got, []string{"p", "s"}) {
		t.Errorf("a controller told of %v", got)
	}
}

func TestTableBounds(t *testing.T) {
	tab := newTable()
	for i := range MaxSources + 1 {
		tab.beacon(at(0), router(fmt.Sprint("r", i)))
	}
	if len(tab.sources) != MaxSources {
		t.Errorf("%d sources", len(tab.sources))
	}
	many := func(source string, n int) {
		for i := range n {
			tab.update(at(0), source+":0", []change{rec(vanflow.Link, fmt.Sprintf("%s:%d", source, i+1))})
		}
	}
	many("r0", MaxRecords+1)
	if tab.records != MaxRecords {
		t.Errorf("%d records of one source", tab.records)
	}
	for i := range MaxAllRecords/MaxRecords + 1 {
		many(fmt.Sprint("r", i), MaxRecords)
	}
	if tab.records != MaxAllRecords {
		t.Errorf("%d records", tab.records)
	}
	tab.update(at(0), "r0:0", []change{rec(vanflow.Link, "r0:1", vanflow.EndTime, uint64(1<<50))})
	many("r20", 1)
	if tab.records != MaxAllRecords {
		t.Errorf("%d records after one went and one came", tab.records)
	}
}

// TestTableOctets: texts of any length take no more memory than there is for them, and what goes makes room.
func TestTableOctets(t *testing.T) {
	tab := newTable()
	long := strings.Repeat("x", MaxText)
	for i := range 6 {
		name := fmt.Sprint("r", i)
		tab.beacon(at(0), router(name))
		for j := range MaxRecords {
			tab.update(at(0), name+":0", []change{rec(vanflow.Listener, fmt.Sprintf("%s:%d", name, j+1), vanflow.Parent, name+":0", vanflow.Name, long, vanflow.DestHost, long, vanflow.Address, long,
				vanflow.Version, long)})
		}
	}
	sum := 0
	for _, s := range tab.sources {
		n := 0
		for _, e := range s.records {
			n += e.octets()
			if e.attrs[vanflow.Version] != nil {
				t.Fatal("what nobody looks at is kept")
			}
		}
		if n != s.octets || n > MaxOctets {
			t.Errorf("a source has %d octets, %d are counted", n, s.octets)
		}
		sum += n
	}
	if sum != tab.octets || sum > MaxAllOctets || sum < MaxAllOctets-2*MaxText {
		t.Errorf("all have %d octets, %d are counted", sum, tab.octets)
	}
	for id := range tab.sources["r0:0"].records {
		tab.update(at(0), "r0:0", []change{rec(vanflow.Listener, id, vanflow.EndTime, uint64(1<<50))})
	}
	if got := tab.sources["r0:0"].octets; got != 0 {
		t.Errorf("%d octets of no records", got)
	}
	if tab.forget(at(31)); tab.octets != 0 {
		t.Errorf("%d octets of nobody", tab.octets)
	}
}

// TestTableDeaf: without a connection nobody is silent.
func TestTableDeaf(t *testing.T) {
	tab := newTable()
	tab.beacon(at(0), router("a"))
	tab.lostAll()
	if tab.forget(at(100)) != nil || !tab.next().IsZero() {
		t.Error("a source is forgotten that could not be heard")
	}
	tab.hear(at(100))
	if tab.forget(at(129)) != nil || !tab.next().Equal(at(130)) || len(tab.forget(at(130))) != 1 {
		t.Error("a source that can be heard and says nothing is not forgotten in time")
	}
}

// pair is a network of two sites: west has a controller and a connector, east is linked to it and has a listener.
func pair() *table {
	tab := newTable()
	for _, b := range []beacon{router("w"), router("e"), controller("west-id")} {
		tab.beacon(at(0), b)
	}
	tab.update(at(0), "west-id", []change{
		rec(vanflow.Site, "west-id", vanflow.Name, "west", vanflow.Namespace, "ns", vanflow.Platform, "kubernetes", vanflow.Version, "2.1"),
		rec(vanflow.Process, "proc-2", vanflow.Parent, "west-id", vanflow.SourceHost, "10.0.0.7", vanflow.Name, "later"),
		rec(vanflow.Process, "proc-1", vanflow.Parent, "west-id", vanflow.SourceHost, "10.0.0.7", vanflow.Name, "pod"),
	})
	tab.update(at(0), "w:0", []change{
		rec(vanflow.Router, "w:0", vanflow.Parent, "west-id", vanflow.Name, "0/west-1", vanflow.Mode, "interior"),
		rec(vanflow.RouterAccess, "w:1", vanflow.Parent, "w:0"),
		rec(vanflow.Connector, "w:2", vanflow.Parent, "w:0", vanflow.Address, "backend", vanflow.DestHost, "10.0.0.7", vanflow.DestPort, "8080", vanflow.Protocol, "tcp"),
		rec(vanflow.Connector, "w:3", vanflow.Parent, "w:0", vanflow.Address, "backend", vanflow.DestHost, "10.0.0.8", vanflow.DestPort, "8080", vanflow.ProcessID, "proc-2"),
	})
	tab.update(at(0), "e:0", []change{
		rec(vanflow.Site, "east-id", vanflow.Name, "east", vanflow.Platform, "linux"),
		rec(vanflow.Router, "e:0", vanflow.Parent, "east-id", vanflow.Name, "0/east-1"),
		rec(vanflow.Link, "e:2", vanflow.Parent, "e:0", vanflow.Name, "lost", vanflow.Status, "down"),
		rec(vanflow.Link, "e:1", vanflow.Parent, "e:0", vanflow.Name, "to-west", vanflow.Status, "UP", vanflow.LinkCost, uint64(2), vanflow.Role, "inter-router", vanflow.Peer, "w:1"),
		rec(vanflow.Link, "e:5", vanflow.Name, "not said whose"),
		rec(vanflow.Listener, "e:3", vanflow.Parent, "e:0", vanflow.Address, "backend", vanflow.Name, "listener/backend", vanflow.DestHost, "0.0.0.0", vanflow.DestPort, "1024", vanflow.Protocol, "tcp"),
		rec(vanflow.Listener, "e:4", vanflow.Parent, "e:0", vanflow.Address, "alone", vanflow.Name, "l2"),
	})
	return tab
}

func TestStatusJSON(t *testing.T) {
	got, err := json.MarshalIndent(pair().status(Own{}), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "status.json", got)
	if got, err = json.Marshal(newTable().status(Own{})); err != nil || string(got) != `{"addresses":[],"siteStatus":[]}` {
		t.Errorf("nothing is %s, %v", got, err)
	}
}

func TestSiteRecords(t *testing.T) {
	want := []SiteRecord{
		{ID: "east-id", Name: "east", Platform: "linux", Links: []LinkRecord{{Name: "to-west", RemoteSiteID: "west-id", RemoteSiteName: "west", Operational: true}},
			Services: []ServiceRecord{{RoutingKey: "alone", Listeners: []string{"l2"}}, {RoutingKey: "backend", Listeners: []string{"listener/backend"}}}},
		{ID: "west-id", Name: "west", Namespace: "ns", Platform: "kubernetes", Version: "2.1",
			Services: []ServiceRecord{{RoutingKey: "backend", Connectors: []string{"10.0.0.7", "10.0.0.8"}}}},
	}
	if got := pair().status(Own{}).SiteRecords(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestIncoming(t *testing.T) {
	st := pair().status(Own{})
	if got := st.Incoming("west-id"); len(got) != 1 || got[0].Site.Name != "east" || got[0].Link.Name != "to-west" {
		t.Errorf("got %+v", got)
	}
	if got := st.Incoming("east-id"); got != nil {
		t.Errorf("got %+v", got)
	}
}

// TestOneSiteManyRouters is a site with two routers that both tell of it.
func TestOneSiteManyRouters(t *testing.T) {
	tab := newTable()
	for _, name := range []string{"b", "a"} {
		tab.beacon(at(0), router(name))
		tab.update(at(0), name+":0", []change{rec(vanflow.Site, "s", vanflow.Name, "by-"+name), rec(vanflow.Router, name+":0", vanflow.Parent, "s", vanflow.Name, "0/"+name)})
	}
	st := tab.status(Own{})
	if len(st.Sites) != 1 || st.Sites[0].Info.Name != "by-a" || len(st.Sites[0].Routers) != 2 || st.Sites[0].Routers[0].Info.Name != "0/a" {
		t.Errorf("got %+v", st)
	}
}
