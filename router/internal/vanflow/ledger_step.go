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
	s := strings.Join(trace, "|")
	return s[:min(len(s), maxTrace)]
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

// Hear takes a message that came to the address for halves. It is read in the next step.
func (l *Ledger) Hear(body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.inbox) < maxInbox && !l.closed {
		l.inbox = append(l.inbox, body)
	}
}

// Step returns the messages that are due.
func (l *Ledger) Step(now time.Time) []Message {
	l.mu.Lock()
	inbox := l.inbox
	l.inbox = nil
	l.mu.Unlock()
	for _, b := range inbox { // without the lock, which flows wait for
		l.merge(halvesIn(b))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	due := l.finished(now, nil)
	due = l.look(due)
	var out []Message
	if l.wanted {
		out = l.append(out, l.Address(), due)
	}
	return l.sendHalves(out)
}

// finished takes those that are over and have waited long enough, or are too many to wait.
func (l *Ledger) finished(now time.Time, due []*Record) []*Record {
	n := max(len(l.over)-MaxEnded, 0)
	for n < len(l.over) && now.Sub(l.over[n].ended) >= FlowDeferral {
		n++
	}
	n = min(n, maxPerStep)
	for _, f := range l.over[:n] {
		due = append(due, &f.r)
	}
	l.forget(n)
	if lost := len(l.over) - MaxEnded; lost > 0 {
		l.forget(lost) // nobody could be told of so many
	}
	return due
}

// look brings the flows of one slot up to date, and takes those that have changed.
func (l *Ledger) look(due []*Record) []*Record {
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
		if !l.wanted {
			continue
		}
		if len(due) >= maxPerStep {
			l.from[slot] = first + i
			break
		}
		if f.measure(); f.r.dirty() {
			due = append(due, &f.r)
		}
	}
	for _, f := range known {
		l.unwatch(f)
	}
	return due
}

// append makes messages of records.
func (l *Ledger) append(out []Message, to string, rs []*Record) []Message {
	for part := range slices.Chunk(rs, MaxRecords) {
		out = append(out, newMessage(l.messages, to, SubjectRecord, nil, body(part)))
		l.messages++
	}
	return out
}

// sendHalves sends the halves that are due, those for one router together.
func (l *Ledger) sendHalves(out []Message) []Message {
	n := min(len(l.asked), maxPerStep)
	fs := l.asked[:n]
	slices.SortStableFunc(fs, func(a, b *Flow) int { return cmp.Compare(a.source, b.source) })
	for len(fs) > 0 {
		i := slices.IndexFunc(fs, func(f *Flow) bool { return f.source != fs[0].source })
		if i < 0 {
			i = len(fs)
		}
		rs := make([]*Record, i)
		for j, f := range fs[:i] {
			f.asked, rs[j] = false, &f.r
		}
		out = l.append(out, halfAddress(fs[0].source), rs)
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

// halvesIn reads the halves in a message; what is no such thing is left out.
func halvesIn(b []byte) (out []half) {
	m, err := message.Parse(b)
	if err != nil || m.Subject != SubjectRecord {
		return nil
	}
	list, _ := m.Body.([]any)
	for _, item := range list {
		attrs, _ := item.(wire.Map)
		var h half
		var typ any
		for _, p := range attrs {
			a, _ := p.Key.(uint32)
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
					h.fields = append(h.fields, field{attr: Attr(a), isText: true, text: v})
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
