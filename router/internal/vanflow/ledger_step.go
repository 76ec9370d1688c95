package vanflow

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// maxTrace is the longest trace that is told, in octets.
const maxTrace = 1000

// joined is the way of a stream as records have it.
func joined(trace []string) string {
	if len(trace) == 0 {
		return "Local"
	}
	return cut(clean(strings.Join(trace, "|")), maxTrace)
}

// sourceOf is the first part of the identity of a flow's record.
func sourceOf(id string) (string, bool) {
	source, n, ok := strings.Cut(id, ":")
	ok = ok && len(source) == idLength && len(n) > 0 && len(n) <= 20 && strings.Trim(n, "0123456789") == ""
	for i := range len(source) {
		c := source[i] | 0x20
		ok = ok && (c >= 'a' && c <= 'z' || source[i] >= '0' && source[i] <= '9' || source[i] == '+' || source[i] == '_')
	}
	return source, ok
}

// Hear takes a message that came to the address for halves. It is read in the next step. It never waits for one.
func (l *Ledger) Hear(body []byte) {
	l.inMu.Lock()
	defer l.inMu.Unlock()
	if len(body) <= maxHeard && l.heard+len(body) <= maxInbox {
		l.inbox = append(l.inbox, body)
		l.heard += len(body)
	}
}

func (l *Ledger) emptyInbox() [][]byte {
	l.inMu.Lock()
	defer l.inMu.Unlock()
	inbox := l.inbox
	l.inbox, l.heard = nil, 0
	return inbox
}

// Step returns the messages that are due. What takes long happens without the lock, which flows wait for.
func (l *Ledger) Step(now time.Time) []Message {
	for _, b := range l.emptyInbox() {
		l.merge(halvesIn(b))
	}
	return encode(l.due(now))
}

func (l *Ledger) due(now time.Time) []parcel {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	wanted := l.wanted.Load()
	var out []parcel
	if wanted {
		out = l.pack(out, l.Address(), l.look(l.finished(now), true))
	} else {
		l.giveUp(now)
		l.look(nil, false)
	}
	return l.packHalves(out, maxPerStep)
}

// finished takes those that are over and have waited long enough, or are too many to wait.
func (l *Ledger) finished(now time.Time) []*Flow {
	n := max(len(l.over)-MaxEnded, 0)
	for n < len(l.over) && now.Sub(l.over[n].ended) >= FlowDeferral {
		n++
	}
	n = min(n, max(maxPerStep, min(len(l.over)/slots, maxEndsPerStep))) // all that wait within a second, if that is possible
	due := slices.Clone(l.over[:n])
	l.forget(n)
	return due
}

// giveUp forgets those that are over and that nobody has asked for in time.
func (l *Ledger) giveUp(now time.Time) {
	n := 0
	for n < len(l.over) && now.Sub(l.over[n].ended) >= Linger {
		n++
	}
	l.forget(n)
}

// look brings the flows of one slot up to date, and takes those that have changed.
func (l *Ledger) look(due []*Flow, wanted bool) []*Flow {
	slot := l.step
	l.step = (l.step + 1) % slots
	fs := l.live[slot]
	if len(fs) == 0 {
		return due
	}
	first := l.from[slot] % len(fs)
	l.from[slot] = 0
	var known []*Flow
	for i := range fs {
		f := fs[(first+i)%len(fs)]
		if f.source != "" || f.base != nil {
			f.measure()
			l.ask(f)
			if f.measured() {
				known = append(known, f)
			}
			continue
		}
		if !wanted {
			continue
		}
		if len(due) >= maxPerStep {
			l.from[slot] = first + i
			break
		}
		if f.measure(); f.r.dirty() || f.round != l.round.Load() {
			due = append(due, f)
		}
	}
	for _, f := range known {
		l.unwatch(f)
	}
	return due
}

// parcel is a message that is still to be encoded.
type parcel struct {
	id   int64
	to   string
	recs []*Record // nobody else has them
}

func encode(ps []parcel) (out []Message) {
	for _, p := range ps {
		out = append(out, newMessage(p.id, p.to, SubjectRecord, nil, body(p.recs)))
	}
	return out
}

// pack takes what is to be sent of the flows' records.
func (l *Ledger) pack(out []parcel, to string, fs []*Flow) []parcel {
	for part := range slices.Chunk(fs, MaxRecords) {
		p := parcel{id: l.messages, to: to}
		l.messages++
		for _, f := range part {
			if round := l.round.Load(); f.source == "" && f.round != round {
				f.round, f.r.whole = round, true
			}
			f.told = true
			p.recs = append(p.recs, f.r.take())
		}
		out = append(out, p)
	}
	return out
}

// packHalves takes up to n halves that are due, those for one router together.
func (l *Ledger) packHalves(out []parcel, n int) []parcel {
	n = min(len(l.asked), n)
	fs := l.asked[:n]
	slices.SortStableFunc(fs, func(a, b *Flow) int { return cmp.Compare(a.source, b.source) })
	for len(fs) > 0 {
		i := slices.IndexFunc(fs, func(f *Flow) bool { return f.source != fs[0].source })
		if i < 0 {
			i = len(fs)
		}
		for _, f := range fs[:i] {
			f.asked = false
		}
		out = l.pack(out, halfAddress(fs[0].source), fs[:i])
		fs = fs[i:]
	}
	clear(l.asked[:n])
	if l.asked = l.asked[n:]; len(l.asked) == 0 {
		l.asked = nil
	}
	return out
}

// half is what another router tells of a flow.
type half struct {
	id     string
	fields []field
}

// halvesIn reads the halves in a message; what is no such thing, and more than one message has, is left out.
func halvesIn(b []byte) (out []half) {
	m, err := message.Parse(b)
	if err != nil || m.Subject != SubjectRecord {
		return nil
	}
	list, _ := m.Body.([]any)
	for _, item := range list[:min(len(list), MaxRecords)] {
		attrs, _ := item.(wire.Map)
		var h half
		var typ any
		for _, p := range attrs {
			a, ok := p.Key.(uint32)
			if !ok {
				continue
			}
			switch v := p.Value.(type) {
			case uint32:
				if Attr(a) == attrType {
					typ = v
				}
			case string:
				switch {
				case Attr(a) == attrIdentity:
					h.id = v
				case halfText(Attr(a)) && len(v) <= maxTrace:
					h.fields = append(h.fields, field{attr: Attr(a), isText: true, text: clean(v)})
				}
			case uint64:
				if Attr(a) == ProcessLatency {
					h.fields = append(h.fields, field{attr: Attr(a), number: v})
				}
			}
		}
		if typ == uint32(Transport) {
			out = append(out, h)
		}
	}
	return out
}

// halfText tells which texts are the other router's to tell.
func halfText(a Attr) bool {
	return a == Trace || a == ConnectorID || a == ProxyHost || a == ProxyPort || a == ConnectorError
}

func (l *Ledger) merge(hs []half) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range hs {
		f := l.own[h.id]
		if f == nil {
			continue
		}
		for _, x := range h.fields {
			f.r.set(x)
		}
	}
}
