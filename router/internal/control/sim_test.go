package control

import (
	"container/heap"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// network is engines joined by links in memory, with a time of its own. It
// forwards control messages by what the engines themselves announce, so that
// their effects are used as a router would use them.
type network struct {
	t       *testing.T
	start   time.Time
	now     time.Time
	queue   queue
	serial  int
	routers map[string]*router
	links   int
	record  bool
	lines   []string
	drop    func(at, next string, m *body) bool // loses a message between two routers
	delay   func() time.Duration                // of one hop
	sent    int                                 // messages carried over one link each
}

// router is an engine and the tables made of its effects.
type router struct {
	*Engine
	id        string
	instance  int64
	deadline  time.Time
	ends      map[int]*wireEnd
	nodes     map[string]NodeReachable
	addresses map[string]map[string]AddressAdded
	radius    int
	flood     Flood
	ticks     time.Duration // takes messages only at multiples of it, as routers with a tick do; 0 means at once
	asleep    bool          // takes and does nothing, but its links stay up
	skew      time.Duration // of its clock
}

// clock is what time a router takes it to be.
func (w *network) clock(r *router) time.Time { return w.now.Add(r.skew) }

// jump sets a router's clock forward or back.
func (w *network) jump(r *router, d time.Duration) {
	r.skew += d
	if !r.asleep {
		r.deadline = r.NextDeadline().Add(-r.skew)
	}
}

// wireEnd is one end of a link.
type wireEnd struct {
	peer   string
	link   int // number at the peer
	cut    bool
	latest time.Time // of the last delivery to the peer, to keep the order
}

// parcel is a control message with what the router annotations would say.
type parcel struct {
	to      string
	ingress string
	trace   []string
	body    []byte
	told    *body // what body says
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	at := time.Unix(1_800_000_000, 0)
	return &network{t: t, start: at, now: at, routers: map[string]*router{}, delay: func() time.Duration { return time.Millisecond }}
}

func (w *network) boot(id string, local ...string) *router {
	w.t.Helper()
	r := &router{id: id, instance: w.now.Unix()}
	if old := w.routers[id]; old != nil {
		r.instance = max(r.instance, old.instance+1)
	}
	return w.bootAs(r, local...)
}

func (w *network) bootAs(r *router, local ...string) *router {
	r.Engine = New(Config{ID: r.id, Instance: r.instance}, zerolog.Nop(), w.clock(r))
	r.ends, r.nodes = map[int]*wireEnd{}, map[string]NodeReachable{}
	r.addresses, r.radius = map[string]map[string]AddressAdded{}, 0
	w.routers[r.id] = r
	for _, key := range local {
		r.LocalAdded(w.clock(r), key, 3)
	}
	w.collect(r)
	return r
}

// join links two routers and returns the number of the link, the same at both ends.
func (w *network) join(a, b string, cost int) int {
	w.links++
	n := w.links
	w.routers[a].ends[n] = &wireEnd{peer: b, link: n}
	w.routers[b].ends[n] = &wireEnd{peer: a, link: n}
	for _, id := range []string{a, b} {
		w.routers[id].LinkUp(w.clock(w.routers[id]), n, cost)
		w.collect(w.routers[id])
	}
	return n
}

// part takes a link down; both ends notice at once.
func (w *network) part(n int) {
	for _, id := range slices.Sorted(maps.Keys(w.routers)) {
		if r := w.routers[id]; r.ends[n] != nil {
			delete(r.ends, n)
			if !r.asleep {
				r.LinkLost(w.clock(r), n)
				w.collect(r)
			}
		}
	}
}

// kill ends a router; its neighbours notice at once.
func (w *network) kill(id string) {
	r := w.routers[id]
	r.asleep = true
	for _, n := range slices.Sorted(maps.Keys(r.ends)) {
		w.part(n)
	}
}

func (w *network) say(format string, args ...any) {
	if w.record {
		w.lines = append(w.lines, fmt.Sprintf("%6d  ", w.now.Sub(w.start).Milliseconds())+fmt.Sprintf(format, args...))
	}
}

// collect carries out the effects of a router.
func (w *network) collect(r *router) {
	for _, x := range r.Effects() {
		switch x := x.(type) {
		case Send:
			m, err := decode(x.Body)
			if err != nil {
				w.t.Fatalf("%s sent %x: %v", r.id, x.Body, err)
			}
			p := parcel{to: x.To, ingress: r.id, body: x.Body, told: m}
			if x.Link > 0 {
				w.hop(r, x.Link, p)
			} else {
				w.forward(r, p)
			}
			continue
		case NodeReachable:
			r.nodes[x.ID] = x
			w.say("%s: reachable %s link=%d next=%q cost=%d hops=%d origins=%v", r.id, x.ID, x.Link, x.NextHop, x.Cost, x.Hops, x.ValidOrigins)
			continue
		case NodeUnreachable:
			delete(r.nodes, x.ID)
		case NodeDeleted:
			if len(r.addresses[x.ID]) > 0 {
				w.t.Errorf("%s deleted %s, which has addresses", r.id, x.ID)
			}
		case AddressAdded:
			if r.addresses[x.Node] == nil {
				r.addresses[x.Node] = map[string]AddressAdded{}
			}
			r.addresses[x.Node][x.Key] = x
		case AddressRemoved:
			if _, has := r.addresses[x.Node][x.Key]; !has {
				w.t.Errorf("%s removed %s of %s, which was not there", r.id, x.Key, x.Node)
			}
			delete(r.addresses[x.Node], x.Key)
		case AddressesFlushed:
			delete(r.addresses, x.Node)
		case RadiusChanged:
			r.radius = x.Radius
		}
		w.say("%s: %s %+v", r.id, strings.TrimPrefix(fmt.Sprintf("%T", x), "control."), x)
	}
	if !r.asleep {
		r.deadline = r.NextDeadline().Add(-r.skew)
	}
}

// forward moves a message on by its target.
func (w *network) forward(r *router, p parcel) {
	if len(p.trace) > r.radius+1 {
		return
	}
	switch p.to {
	case toAll:
		var neighbours []string
		for id, n := range r.nodes {
			if n.Link > 0 && !slices.Contains(p.trace, id) {
				neighbours = append(neighbours, id)
			}
		}
		slices.Sort(neighbours)
		for _, id := range neighbours {
			w.hop(r, r.nodes[id].Link, p)
		}
		return
	case toAllMobile:
		for _, link := range r.treeLinks(p) {
			w.hop(r, link, p)
		}
		return
	}
	id := strings.Split(strings.TrimPrefix(p.to, "amqp:/_topo/0/"), "/")[0]
	if n, ok := r.nodes[id]; ok {
		w.hop(r, r.linkTo(n), p)
	}
}

// linkTo is the link of the next hop towards a router.
func (r *router) linkTo(n NodeReachable) int {
	if n.NextHop != "" {
		return r.nodes[n.NextHop].Link
	}
	return n.Link
}

// treeLinks are the links on which a multicast to all routers leaves.
func (r *router) treeLinks(p parcel) []int {
	links := map[int]bool{}
	for _, n := range r.nodes {
		next := n.ID
		if n.NextHop != "" {
			next = n.NextHop
		}
		if (p.ingress == r.id || slices.Contains(n.ValidOrigins, p.ingress)) && !slices.Contains(p.trace, next) {
			links[r.linkTo(n)] = true
		}
	}
	return slices.Sorted(maps.Keys(links))
}

// hop puts a message on a link.
func (w *network) hop(r *router, link int, p parcel) {
	end := r.ends[link]
	if end == nil {
		return
	}
	p.trace = append(slices.Clone(p.trace), r.id)
	w.sent++
	lost := end.cut || w.drop != nil && w.drop(r.id, end.peer, p.told)
	if w.record { // most networks are not, and what nobody reads takes time to write
		words := map[bool]string{true: " (lost)"}
		w.say("%s>%s %s%s", r.id, end.peer, show(p.told, p), words[lost])
	}
	if lost {
		return
	}
	at := w.now.Add(w.delay())
	if every := w.routers[end.peer].ticks; every > 0 {
		at = w.start.Add((at.Sub(w.start)/every + 1) * every)
	}
	if at.Before(end.latest) {
		at = end.latest
	}
	end.latest = at
	w.serial++
	heap.Push(&w.queue, event{at: at, serial: w.serial, to: w.routers[end.peer], link: end.link, parcel: p})
}

// arrive takes a message off a link.
func (w *network) arrive(ev event) {
	r, p := ev.to, ev.parcel
	if r.asleep || w.routers[r.id] != r || r.ends[ev.link] == nil {
		return
	}
	mine := p.to == toHello || p.to == toAll || p.to == toAllMobile || strings.HasPrefix(p.to, toRouter("0", r.id))
	if mine {
		if err := r.Receive(w.clock(r), ev.link, p.body); err != nil {
			w.say("%s: refused: %v", r.id, err)
		}
		w.collect(r)
	}
	if p.to == toAll && !r.flood.Forward(w.clock(r), p.ingress, len(p.trace), p.body) {
		return
	}
	if p.to != toHello && !(mine && strings.HasPrefix(p.to, "amqp:/_topo/0/"+r.id+"/")) {
		w.forward(r, p)
	}
}

// run lets time pass.
func (w *network) run(d time.Duration) {
	w.t.Helper()
	end := w.now.Add(d)
	all := slices.SortedFunc(maps.Values(w.routers), func(a, b *router) int { return strings.Compare(a.id, b.id) })
	for {
		var next *router
		for _, r := range all {
			if !r.asleep && (next == nil || r.deadline.Before(next.deadline)) {
				next = r
			}
		}
		isEvent := len(w.queue) > 0 && (next == nil || !next.deadline.Before(w.queue[0].at))
		switch {
		case isEvent && !w.queue[0].at.After(end):
			ev := heap.Pop(&w.queue).(event)
			w.now = ev.at
			w.arrive(ev)
		case !isEvent && next != nil && !next.deadline.After(end):
			if next.deadline.After(w.now) {
				w.now = next.deadline
			}
			next.Tick(w.clock(next))
			w.collect(next)
			if !next.deadline.After(w.now) {
				w.t.Fatalf("%s: next deadline %v is not after the tick at %v", next.id, next.deadline, w.now)
			}
		default:
			w.now = end
			return
		}
	}
}

// jitter makes each hop take 0.2 to 5 ms.
func (w *network) jitter(rnd *rand.Rand) {
	w.delay = func() time.Duration {
		return 200*time.Microsecond + time.Duration(rnd.Int63n(int64(4800*time.Microsecond)))
	}
}

type event struct {
	at     time.Time
	serial int
	to     *router
	link   int
	parcel parcel
}

type queue []event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].serial < q[j].serial
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// show writes a message as one line.
func show(m *body, p parcel) string {
	s := fmt.Sprintf("%s{%s", m.op, m.id)
	if p.to != toHello && p.to != toAll && p.to != toAllMobile {
		s += " to " + strings.Split(strings.TrimPrefix(p.to, "amqp:/_topo/0/"), "/")[0]
	}
	for _, f := range []struct {
		has field
		val any
		key string
	}{
		{hasInstance, m.instance % 100, "inst"},
		{hasSeen, m.seen, "seen"},
		{hasLSSeq, m.lsSeq, "ls"},
		{hasLS, m.ls.peers, "peers"},
		{hasMobileSeq, m.mobileSeq, "mobile"},
		{hasHaveSeq, m.haveSeq, "have"},
		{hasExist, m.exist, "exist"},
		{hasAdd, m.add, "add"},
		{hasDel, m.del, "del"},
	} {
		if m.has&f.has != 0 {
			s += fmt.Sprintf(" %s=%v", f.key, f.val)
		}
	}
	return s + "}"
}
