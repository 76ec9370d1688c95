package vanflow

import (
	"net"
	"time"
)

// Meter is what a flow counts for itself; it may be read at any time.
type Meter interface {
	// Octets are those from and to the flow's socket.
	Octets() (in, out uint64)
	// First is when the first of them came; zero before.
	First() (in, out time.Time)
}

// Flow is one TCP connection in a [Ledger], as one of its two routers sees it. A nil Flow takes everything and does nothing.
type Flow struct {
	ledger *Ledger
	meter  Meter
	source string // of the router that accepted it, where a half record goes; "" for that router itself

	// Below: the ledger's lock.
	r     Record
	base  *Flow // the record itself, of a half that has it in the same ledger
	slot  int   // in which it is looked at; -1: in none
	at    int   // its place there
	ended time.Time
	asked bool   // a half that is to be sent
	told  bool   // a record that somebody knows, who has to hear of its end
	round uint64 // of the ledger, that it was last sent in full for
}

// ID is the identity of the flow's record.
func (f *Flow) ID() string {
	if f == nil {
		return ""
	}
	return f.r.id
}

// Connected notes that the server has taken the connection, and where that begins.
func (f *Flow) Connected(local net.Addr) {
	if f == nil {
		return
	}
	host, port := split(local)
	f.ledger.mu.Lock()
	defer f.ledger.mu.Unlock()
	to := f.record()
	to.TextIf(ProxyHost, host)
	to.TextIf(ProxyPort, port)
	f.ledger.ask(f)
}

// Ended notes the end of the connection, and what was wrong with it. Only the first call counts.
func (f *Flow) Ended(now time.Time, err error) {
	if f == nil {
		return
	}
	f.ledger.mu.Lock()
	defer f.ledger.mu.Unlock()
	f.ledger.end(f, now, err)
}

// record is what is written to.
func (f *Flow) record() *Record {
	if f.base != nil {
		return &f.base.r
	}
	return &f.r
}

// measure brings the record up to what the flow has counted.
func (f *Flow) measure() {
	in, out := f.meter.Octets()
	firstIn, firstOut := f.meter.First()
	if f.source == "" && f.base == nil {
		f.r.Number(Octets, in)
		f.r.Number(OctetsReverse, out)
		f.r.latency(Latency, firstIn, firstOut)
		return
	}
	f.record().latency(ProcessLatency, firstOut, firstIn)
}

// latency is how long the answer took. A server that speaks first answers nothing.
func (r *Record) latency(a Attr, asked, answered time.Time) {
	if !asked.IsZero() && !answered.Before(asked) {
		r.Number(a, uint64(answered.Sub(asked).Microseconds()))
	}
}

// measured tells that the counters have no more to say to a half record.
func (f *Flow) measured() bool {
	_, known := f.record().find(ProcessLatency)
	return known
}

func split(a net.Addr) (host, port string) {
	if a == nil {
		return "", ""
	}
	host, port, _ = net.SplitHostPort(a.String())
	return host, port
}

// maxErrorText is how much of an error is told, in octets.
const maxErrorText = 256

// failure is an error as records have it.
func failure(err error) string {
	return cut("delivery-failed ("+clean(err.Error())+")", maxErrorText)
}
