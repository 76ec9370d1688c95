package router

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/internal/agent"
)

// Bounds of a journal.
const (
	maxJournal = 1000 // lines that are kept
	maxLine    = 2048 // octets of one
)

// Journal keeps the last lines of a router's log for those who ask its management for them, and tells telemetry of those that warn. It is written to as the
// log's own output is, in JSON, a line at a time; see [Options].
type Journal struct {
	mu   sync.Mutex
	last []logLine // a ring, once it has all it may have
	at   int       // where the next one goes then
	tell func(now time.Time, severity uint64, text string)
}

// logLine is one as it was written.
type logLine struct {
	when time.Time
	json []byte
}

// Write takes one line. It never fails, and what is too long for a line is cut where it is shown.
func (j *Journal) Write(p []byte) (int, error) {
	l := logLine{time.Now(), bytes.Clone(p[:min(len(p), maxLine)])}
	j.mu.Lock()
	if len(j.last) < maxJournal {
		j.last = append(j.last, l)
	} else {
		j.last[j.at] = l
		j.at = (j.at + 1) % maxJournal
	}
	tell := j.tell
	j.mu.Unlock()
	if severity := severities[levelOf(p)]; tell != nil && severity > 0 { // most do not warn, and are not read
		e := l.entry()
		tell(l.when, severity, "LOG_"+e.Module+": "+e.Text)
	}
	return len(p), nil
}

// severities are what telemetry calls the levels that it is told of.
var severities = map[string]uint64{"warning": 2, "error": 3, "critical": 4}

// levelNames are what other routers call levels.
var levelNames = map[string]string{"trace": "debug", "warn": "warning", "fatal": "critical", "panic": "critical", "": "info"}

// levelOf is the level of a line as other routers call it. The log writes it first, so that it is known of a line that was cut, too.
func levelOf(line []byte) string {
	rest, _ := bytes.CutPrefix(line, []byte(`{"`+zerolog.LevelFieldName+`":"`))
	if len(rest) == len(line) {
		return levelNames[""]
	}
	level, _, _ := bytes.Cut(rest, []byte(`"`))
	if name, other := levelNames[string(level)]; other {
		return name
	}
	return string(level)
}

// entry reads the line: its message, and what else it says by name.
func (l logLine) entry() agent.LogEntry {
	e := agent.LogEntry{Module: "ROUTER", Time: l.when.Unix()}
	var m map[string]any
	e.Level = levelOf(l.json)
	if json.Unmarshal(l.json, &m) != nil { // cut, or not ours
		e.Text = strings.TrimSpace(string(l.json))
		return e
	}
	text, _ := m[zerolog.MessageFieldName].(string)
	words := []string{text}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		switch k {
		case zerolog.LevelFieldName, zerolog.MessageFieldName, zerolog.TimestampFieldName:
		default:
			words = append(words, fmt.Sprintf("%s=%v", k, m[k]))
		}
	}
	e.Text = strings.Join(words, " ")
	return e
}

// entries are up to limit of the last ones, the oldest first.
func (j *Journal) entries(limit int) (out []agent.LogEntry) {
	j.mu.Lock()
	all := append(slices.Clone(j.last[j.at:]), j.last[:j.at]...)
	j.mu.Unlock()
	for _, l := range all[max(0, len(all)-limit):] {
		out = append(out, l.entry())
	}
	return out
}

// telling has f told of lines that warn, from now on; nil: nobody.
func (j *Journal) telling(f func(now time.Time, severity uint64, text string)) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.tell = f
}

// RecentLog returns up to limit entries of the journal, the oldest first.
func (r *Router) RecentLog(limit int) []agent.LogEntry {
	if r.opts.Journal == nil {
		return nil
	}
	return r.opts.Journal.entries(limit)
}
