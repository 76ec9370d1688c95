package vanflow

import (
	"slices"
	"strings"
	"time"
)

// The rhythm of a source.
const (
	HeartbeatInterval = 2 * time.Second
	// BeaconEvery is after how many heartbeats a beacon comes.
	BeaconEvery = 5
	// RecordInterval is between two messages about one record.
	RecordInterval = time.Second
	// MaxRecords is how many records one message has at most.
	MaxRecords = 50
	// announcements is how many heartbeats in a row a beacon comes with after the network changed: those who are new
	// in it would have to wait long for the next one.
	announcements = 3
)

// early is when beacons come besides after the network changed. The first may be lost: the ways to those who are new are
// still being found.
var early = [...]time.Duration{250 * time.Millisecond, 750 * time.Millisecond}

// The kinds of sources.
const (
	KindRouter     = "ROUTER"
	KindController = "CONTROLLER"
)

// Source is the telemetry of one router, or that of a controller about its site.
type Source struct {
	id       string // of the router's record, or of the site's
	kind     string
	live     []*Record
	waiting  []*Record // to be sent, in the order they changed
	messages int64     // the next message id

	beaconsWanted, recordsWanted bool // somebody listens
	beaconDue, heartbeatDue      bool // at the next step
	beat                         time.Time
	beats                        int
	announce                     int
	early                        []time.Time // of beacons that do not wait for a heartbeat
}

// NewSource makes a source with the record of the router itself, whose identity is id. It says nothing until it is told
// that somebody listens.
func NewSource(id string, now time.Time) *Source {
	return &Source{id: id, kind: KindRouter, beat: now.Add(HeartbeatInterval), announce: announcements}
}

// NewController makes the source of a controller, whose identity is that of its site. It has no way of telling who listens,
// so it takes it that somebody does.
func NewController(id string, now time.Time) *Source {
	s := NewSource(id, now)
	s.kind = KindController
	s.BeaconsWanted(true)
	s.RecordsWanted(true)
	return s
}

// heartbeatAddress is where heartbeats go: those of a controller have an address of their own.
func (s *Source) heartbeatAddress() string {
	if s.kind == KindController {
		return s.RecordAddress() + ".heartbeats"
	}
	return s.RecordAddress()
}

// RecordAddress is where records go.
func (s *Source) RecordAddress() string { return "mc/sfe." + s.id }

// CommandAddress is where the source is told to flush.
func (s *Source) CommandAddress() string { return "sfe." + s.id }

// Begin makes a record. Its owner sets its attributes and ends it.
func (s *Source) Begin(now time.Time, t Type, id string) *Record {
	r := &Record{typ: t, id: id, source: s}
	s.live = append(s.live, r)
	r.Time(StartTime, now)
	return r
}

// End tells that a record's thing is over, and forgets the record.
func (s *Source) End(now time.Time, r *Record) {
	if r.ended {
		return
	}
	r.Time(EndTime, now)
	r.ended = true
	s.live = slices.DeleteFunc(s.live, func(o *Record) bool { return o == r })
}

// queue has a record sent as soon as it may be.
func (s *Source) queue(r *Record) {
	if s.recordsWanted && !r.queued {
		r.queued = true
		s.waiting = append(s.waiting, r)
	}
}

// EndAll tells that all there is a record of is over.
func (s *Source) EndAll(now time.Time) {
	for _, r := range slices.Backward(slices.Clone(s.live)) {
		s.End(now, r)
	}
}

// BeaconsWanted says whether anybody listens to beacons.
func (s *Source) BeaconsWanted(wanted bool) {
	s.beaconDue = wanted && (s.beaconDue || !s.beaconsWanted)
	s.beaconsWanted = wanted
}

// RecordsWanted says whether anybody listens to records. Who begins to gets them all.
func (s *Source) RecordsWanted(wanted bool) {
	if wanted == s.recordsWanted {
		return
	}
	s.recordsWanted, s.heartbeatDue = wanted, wanted
	if wanted {
		s.Flush()
		return
	}
	for _, r := range s.waiting {
		r.queued = false
	}
	s.waiting = nil
}

// Heard tells whether anybody listens to records.
func (s *Source) Heard() bool { return s.recordsWanted }

// Flush has all records sent in full, each as soon as it may be.
func (s *Source) Flush() {
	for _, r := range s.live {
		r.whole = true
		s.queue(r)
	}
}

// Announce has beacons come soon, and with the next heartbeats: the network has changed. Changes that follow each other
// fast cause no more beacons than one.
func (s *Source) Announce(now time.Time) {
	s.announce = announcements
	if len(s.early) > 0 {
		return
	}
	for _, d := range early {
		s.early = append(s.early, now.Add(d))
	}
}

// Step returns the messages that are due.
func (s *Source) Step(now time.Time) []Message {
	if !now.Before(s.beat) {
		if s.beat = s.beat.Add(HeartbeatInterval); !s.beat.After(now) { // it slept
			s.beat = now.Add(HeartbeatInterval)
		}
		s.beats++
		s.heartbeatDue = true
		if s.announce > 0 || s.beats%BeaconEvery == 0 {
			s.beaconDue = true
		}
		if s.announce > 0 && s.kind == KindController {
			s.Flush() // what was sent before the ways were found is lost, and nobody asks again for what it had once
		}
		s.announce = max(s.announce-1, 0)
	}
	for len(s.early) > 0 && !now.Before(s.early[0]) {
		s.early, s.beaconDue = s.early[1:], true
	}
	var out []Message
	if s.beaconDue && s.beaconsWanted {
		out = append(out, s.beacon())
	}
	if s.heartbeatDue && s.recordsWanted {
		out = append(out, s.heartbeat(now))
	}
	s.beaconDue, s.heartbeatDue = false, false
	due := s.due(now)
	for part := range slices.Chunk(due, MaxRecords) {
		out = append(out, s.records(part))
	}
	return out
}

// due takes the records that may be sent now.
func (s *Source) due(now time.Time) []*Record {
	var due, later []*Record
	for _, r := range s.waiting {
		if !r.ended && !r.sent.IsZero() && now.Before(r.sent.Add(RecordInterval)) && !now.Before(r.sent) {
			later = append(later, r)
			continue
		}
		r.queued, r.sent = false, now
		due = append(due, r)
	}
	s.waiting = later
	return due
}

// NextDeadline is when Step has something to do: the past if it has now.
func (s *Source) NextDeadline() time.Time {
	if s.beaconDue || s.heartbeatDue {
		return time.Time{}
	}
	next := s.beat
	if len(s.early) > 0 && s.early[0].Before(next) {
		next = s.early[0]
	}
	for _, r := range s.waiting {
		var at time.Time
		if !r.ended && !r.sent.IsZero() {
			at = r.sent.Add(RecordInterval)
		}
		if at.Before(next) {
			next = at
		}
	}
	return next
}

// podSuffix is what Kubernetes makes the last part of a pod's name of: no vowels, so that no words come out.
const podSuffix = "bcdfghjklmnpqrstvwxz2456789"

// idLength is the length of a source's name, in characters.
const idLength = 5

// SourceName is the first part of all identities that a source gives: the random end of a pod's name, which is also seen
// elsewhere, and outside of pods the first characters of random.
func SourceName(hostname, random string) string {
	if i := strings.LastIndexByte(hostname, '-'); i >= 0 {
		if end := hostname[i+1:]; len(end) == idLength && strings.Trim(end, podSuffix) == "" {
			return end
		}
	}
	return random[:idLength]
}

// ID is the identity of the router's record, or of the site's.
func (s *Source) ID() string { return s.id }
