package vanflow

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of a log.
const (
	maxLogLines = 1000 // that wait for the next step; those beyond are lost
	maxLogText  = 1024 // octets of one
)

// Log is the records of log lines. They are told once, to whoever listens when they are written.
type Log struct {
	router string // the identity of its record
	nextID func() string
	wanted atomic.Bool

	mu       sync.Mutex
	waiting  []*Record
	lost     int
	messages int64
}

// NewLog makes the log of a router. The identity of its record is id, and nextID makes those of lines.
func NewLog(id string, nextID func() string) *Log {
	return &Log{router: id, nextID: nextID}
}

// Address is where records of lines go.
func (l *Log) Address() string { return "mc/sfe." + l.router + ".logs" }

// Wanted says whether anybody listens. It never waits.
func (l *Log) Wanted(wanted bool) { l.wanted.Store(wanted) }

// Note takes a line. Severities are those of records: 0 for debug to 4 for critical. It may be called by any goroutine and never waits for long.
func (l *Log) Note(now time.Time, severity uint64, text string) {
	if !l.wanted.Load() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= maxLogLines {
		l.lost++
		return
	}
	r := &Record{typ: LogLine, id: l.nextID(), whole: true}
	r.Text(Parent, l.router)
	r.Time(StartTime, now)
	r.Time(EndTime, now)
	r.Number(LogSeverity, severity)
	r.Text(LogText, cut(clean(text), maxLogText))
	l.waiting = append(l.waiting, r)
}

// Lost is how many lines were too many.
func (l *Log) Lost() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

// Step returns the messages that are due.
func (l *Log) Step() (out []Message) {
	l.mu.Lock()
	lines := l.waiting
	l.waiting = nil
	first := l.messages
	l.messages += int64((len(lines) + MaxRecords - 1) / MaxRecords)
	l.mu.Unlock()
	for part := range slices.Chunk(lines, MaxRecords) {
		out = append(out, newMessage(first, l.Address(), SubjectRecord, nil, body(part)))
		first++
	}
	return out
}
