package vanflow

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The bounds of a ledger.
const (
	// MaxFlows is how many flows it has at once.
	MaxFlows = 20_000
	// MaxEnded is how many flows that are over wait for their other half. The others go as soon as the steps can send them.
	MaxEnded = 5000
	// FlowDeferral is how long they wait.
	FlowDeferral = 5 * time.Second
	// Linger is how long the ends of flows that were told of are kept while nobody listens: who has lost the way here for a moment gets them then.
	Linger = 30 * time.Second
	// maxPerStep is how many records of flows one step sends, maxEndsPerStep how many when more than that have ended and wait.
	maxPerStep     = 1000
	maxEndsPerStep = 4000
	// maxInbox is how much of messages with other halves waits, maxHeard how long one of them is, in octets.
	maxInbox = 1 << 20
	maxHeard = 64 << 10
	// slots is how many parts the flows are in; each step looks at one.
	slots = 5
)

// Ledger is the records of flows. Step it five times a second.
type Ledger struct {
	source string // first part of the identities of this router
	nextID func() string

	wanted atomic.Bool
	round  atomic.Uint64 // goes up when everything is to be sent again
	missed atomic.Uint64 // flows that it had no room for

	inMu  sync.Mutex // what the address for halves gets does not wait for mu
	inbox [][]byte
	heard int // octets in it

	mu       sync.Mutex
	closed   bool
	own      map[string]*Flow // that this router accepted, by identity
	halves   int
	live     [slots][]*Flow
	filling  int        // the slot for the next flow
	step     int        // the slot that the next step looks at
	from     [slots]int // where in it, if it has more than one step sends
	over     []*Flow    // own ones that have ended, in that order
	asked    []*Flow    // halves to send
	messages int64
}

// NewLedger makes the ledger of a router. Its source's identity is id, and nextID makes those of flows.
func NewLedger(id string, nextID func() string) *Ledger {
	name, _, _ := strings.Cut(id, ":")
	return &Ledger{source: name, nextID: nextID, own: map[string]*Flow{}}
}

// Address is where records of flows go.
func (l *Ledger) Address() string { return "mc/sfe." + l.source + ":0.flows" }

// HalfAddress is where other routers send their halves.
func (l *Ledger) HalfAddress() string { return halfAddress(l.source) }

func halfAddress(source string) string { return "vfcr." + source + ":0" }

// Wanted says whether anybody listens to flows. Who begins to gets them all. It never waits.
func (l *Ledger) Wanted(wanted bool) {
	if !l.wanted.Swap(wanted) && wanted {
		l.Flush()
	}
}

// Flush has the next steps send all records again in full. It never waits.
func (l *Ledger) Flush() { l.round.Add(1) }

// Accept begins the record of a connection from a client. parent is the identity of the listener's record. It returns nil when there are too many.
func (l *Ledger) Accept(now time.Time, parent string, client net.Addr, m Meter) *Flow {
	host, port := split(client)
	f := &Flow{ledger: l, meter: m, slot: -1}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full() {
		l.missed.Add(1)
		return nil
	}
	f.r = Record{typ: Transport, id: l.nextID(), whole: true, fields: make([]field, 0, 14)}
	f.round = l.round.Load()
	f.r.TextIf(Parent, parent)
	f.r.Time(StartTime, now)
	f.r.TextIf(SourceHost, host)
	f.r.TextIf(SourcePort, port)
	l.own[f.r.id] = f
	l.watch(f)
	return f
}

// Offer begins the half of a connection that another router accepted: id came with the stream, trace is the routers that it came by, connector is the
// identity of the connector's record. It returns nil when the half would have no whole.
func (l *Ledger) Offer(id string, trace []string, connector string, m Meter) *Flow {
	source, ok := sourceOf(id)
	if !ok {
		return nil
	}
	f := &Flow{ledger: l, meter: m, slot: -1}
	f.r = Record{typ: Transport, id: id}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full() {
		return nil
	}
	if source == l.source {
		if f.base = l.own[id]; f.base == nil {
			return nil
		}
	} else {
		f.source = source
		f.r.fields = make([]field, 0, 6)
	}
	f.record().Text(Trace, joined(trace))
	f.record().TextIf(ConnectorID, connector)
	l.halves++
	l.watch(f)
	return f
}

// Missed is how many flows were carried and not told of, because there were too many.
func (l *Ledger) Missed() uint64 { return l.missed.Load() }

func (l *Ledger) full() bool { return l.closed || len(l.own)+l.halves >= MaxFlows }

// watch has the flow looked at once a second.
func (l *Ledger) watch(f *Flow) {
	f.slot = l.filling
	l.filling = (l.filling + 1) % slots
	f.at = len(l.live[f.slot])
	l.live[f.slot] = append(l.live[f.slot], f)
}

func (l *Ledger) unwatch(f *Flow) {
	if f.slot < 0 {
		return
	}
	s := l.live[f.slot]
	last := len(s) - 1
	s[f.at] = s[last]
	s[f.at].at = f.at
	s[last] = nil
	l.live[f.slot] = s[:last]
	f.slot = -1
}

// ask has a half sent with the next step.
func (l *Ledger) ask(f *Flow) {
	if f.source != "" && !f.asked && f.r.dirty() && len(l.asked) < MaxFlows {
		f.asked = true
		l.asked = append(l.asked, f)
	}
}

func (l *Ledger) end(f *Flow, now time.Time, err error) {
	if !f.ended.IsZero() {
		return
	}
	f.ended = now
	f.measure()
	l.unwatch(f)
	a := ListenerError
	if f.source != "" || f.base != nil {
		a = ConnectorError
		l.halves--
	}
	if err != nil {
		f.record().Text(a, failure(err))
	}
	switch {
	case a == ConnectorError:
		l.ask(f)
		f.r.ended = true
	case (l.wanted.Load() || f.told) && !l.closed:
		f.r.Time(EndTime, now)
		l.over = append(l.over, f)
	default:
		delete(l.own, f.r.id)
	}
}

// forget drops the first n of those that are over.
func (l *Ledger) forget(n int) {
	for i, f := range l.over[:n] {
		f.r.ended = true
		delete(l.own, f.r.id)
		l.over[i] = nil
	}
	if l.over = l.over[n:]; len(l.over) == 0 {
		l.over = nil
	}
}

// Close ends all records at once and takes no more.
func (l *Ledger) Close(now time.Time) []Message { return encode(l.close(now)) }

func (l *Ledger) close(now time.Time) []parcel {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	var due []*Flow
	for _, f := range l.own {
		if f.ended.IsZero() {
			f.ended = now
			f.measure()
			l.unwatch(f)
			f.r.Time(EndTime, now)
		}
		due = append(due, f)
	}
	var out []parcel
	if l.wanted.Load() {
		out = l.pack(out, l.Address(), due)
	}
	out = l.packHalves(out, len(l.asked))
	l.forget(len(l.over))
	clear(l.own)
	return out
}
