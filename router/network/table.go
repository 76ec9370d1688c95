package network

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/router/internal/vanflow"
)

// table has what the sources said. It has no clock and no connection: it is told the time and what came, and tells whom
// to listen to and whom to ask.
type table struct {
	sources map[string]*source
	records int
	octets  int // of the records
	silence time.Duration
	changed bool      // since the last status
	deaf    bool      // there is no connection: no source can be heard, and none is silent
	hearing time.Time // since when there is one
}

// source is one that tells of records.
type source struct {
	beacon
	seen       time.Time // when it last said anything
	records    map[string]*entry
	octets     int // of them
	subscribed bool
	again      time.Time // not to be subscribed before
	flush      time.Time // when to ask it for all its records; zero: not
	flushes    int       // that brought nothing
}

// entry is a record.
type entry struct {
	typ   vanflow.Type
	id    string
	attrs map[vanflow.Attr]any
}

func (e *entry) text(a vanflow.Attr) string {
	s, _ := e.attrs[a].(string)
	return s
}

func (e *entry) number(a vanflow.Attr) uint64 {
	n, _ := e.attrs[a].(uint64)
	return n
}

func newTable() *table { return &table{sources: map[string]*source{}, silence: Silence} }

// beacon notes a source. It is not told anything new by one that is known: that has to be silent first.
func (t *table) beacon(now time.Time, b beacon) {
	if s := t.sources[b.id]; s != nil {
		s.seen = now
		return
	}
	if len(t.sources) >= MaxSources {
		return
	}
	t.sources[b.id] = &source{beacon: b, seen: now, records: map[string]*entry{}}
}

// unsubscribed are the sources to listen to, now.
func (t *table) unsubscribed(now time.Time) []beacon {
	var out []beacon
	for _, id := range slices.Sorted(maps.Keys(t.sources)) {
		if s := t.sources[id]; !s.subscribed && !now.Before(s.again) {
			s.subscribed = true
			s.flush, s.flushes = now.Add(heardNothing), 0
			out = append(out, s.beacon)
		}
	}
	return out
}

// lost notes that a source is not listened to any more, though it should be.
func (t *table) lost(now time.Time, id string) {
	if s := t.sources[id]; s != nil {
		s.subscribed, s.flush, s.again = false, time.Time{}, now.Add(listenAgain)
	}
}

// hear notes that there is a connection: who is silent from now on is gone.
func (t *table) hear(now time.Time) { t.deaf, t.hearing = false, now }

// lostAll notes that no source is listened to any more.
func (t *table) lostAll() {
	t.deaf = true
	for _, s := range t.sources {
		s.subscribed, s.flush, s.again = false, time.Time{}, time.Time{}
	}
}

// heard notes that a source said something. Its first word shows that it can be heard: now it can be asked.
func (t *table) heard(now time.Time, id string) {
	s := t.sources[id]
	if s == nil {
		return
	}
	s.seen = now
	if s.flushes == 0 && !s.flush.IsZero() {
		s.flush = now
	}
}

// flushes are the addresses of the sources to ask for all their records, now.
func (t *table) flushes(now time.Time) []string {
	var out []string
	for _, s := range t.sources {
		if s.flush.IsZero() || now.Before(s.flush) {
			continue
		}
		if s.flushes++; s.flushes < flushTries {
			s.flush = now.Add(flushAgain)
		} else {
			s.flush = now.Add(flushRarely)
		}
		out = append(out, s.direct)
	}
	return out
}

// update takes what a source said of records.
func (t *table) update(now time.Time, id string, changes []change) {
	t.heard(now, id)
	s := t.sources[id]
	if s == nil {
		return
	}
	for _, c := range changes {
		if s.mayTell(c) {
			t.apply(s, c)
		}
		if s.flushes > 0 && (c.attrs[vanflow.Parent] != nil || c.attrs[vanflow.Name] != nil) {
			s.flush = time.Time{} // a whole record, most likely upon our question
		}
	}
}

// mayTell says whether a record is the source's own: a router tells of its site, itself and what it has, a controller of
// its site and the processes there.
func (s *source) mayTell(c change) bool {
	switch c.typ {
	case vanflow.Site:
		return s.kind == kindRouter || c.id == s.id
	case vanflow.Process:
		return s.kind == kindController
	case vanflow.Router:
		return s.kind == kindRouter && c.id == s.id
	case vanflow.Link, vanflow.RouterAccess, vanflow.Listener, vanflow.Connector:
		name, _, _ := strings.Cut(s.id, ":")
		return s.kind == kindRouter && strings.HasPrefix(c.id, name+":")
	}
	return false
}

// ended is the least end time that means an end: some sources send zero for none.
const ended = uint64(time.Second / time.Microsecond)

func (t *table) apply(s *source, c change) {
	e := s.records[c.id]
	if e != nil && e.typ != c.typ {
		return
	}
	if end, _ := c.attrs[vanflow.EndTime].(uint64); end > ended {
		if e != nil {
			delete(s.records, c.id)
			t.records--
			t.grow(s, -e.octets())
			t.changed = true
		}
		return
	}
	if e == nil {
		e = &entry{typ: c.typ, id: c.id, attrs: map[vanflow.Attr]any{}}
		if len(s.records) >= MaxRecords || t.records >= MaxAllRecords || !t.grow(s, e.octets()) {
			return
		}
		s.records[c.id] = e
		t.records++
		t.changed = true
	}
	for a, v := range c.attrs {
		old, had := e.attrs[a]
		if old == v && had || !needs(e.typ, a) {
			continue
		}
		more := octetsOf(v)
		if had {
			more -= octetsOf(old)
		}
		if t.grow(s, more) {
			e.attrs[a] = v
			t.changed = true
		}
	}
}

// grow counts octets that a source takes more, if it may.
func (t *table) grow(s *source, more int) bool {
	if more > 0 && (s.octets+more > MaxOctets || t.octets+more > MaxAllOctets) {
		return false
	}
	s.octets += more
	t.octets += more
	return true
}

// What a record and an attribute take in memory besides their texts, more or less.
const (
	recordOctets = 256
	attrOctets   = 40
)

// octets is what a record takes.
func (e *entry) octets() int {
	n := recordOctets + len(e.id)
	for _, v := range e.attrs {
		n += octetsOf(v)
	}
	return n
}

func octetsOf(v any) int {
	s, _ := v.(string)
	return attrOctets + len(s)
}

// forget forgets sources that are silent, and returns their ids.
func (t *table) forget(now time.Time) []string {
	var out []string
	for id, s := range t.sources {
		if t.deaf || now.Before(t.goneAt(s)) {
			continue
		}
		t.records -= len(s.records)
		t.octets -= s.octets
		t.changed = t.changed || len(s.records) > 0
		delete(t.sources, id)
		out = append(out, id)
	}
	return out
}

// goneAt is when a source that stays silent is forgotten.
func (t *table) goneAt(s *source) time.Time {
	since := s.seen
	if since.Before(t.hearing) {
		since = t.hearing
	}
	return since.Add(t.silence)
}

// next is when there is something to do for time alone; zero if never.
func (t *table) next() time.Time {
	var next time.Time
	for _, s := range t.sources {
		next = sooner(next, s.flush)
		if !t.deaf {
			next = sooner(next, t.goneAt(s))
		}
		if !s.subscribed {
			next = sooner(next, s.again)
		}
	}
	return next
}

// sooner is the first of two times, of which zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
