package vanflow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// TestLog tells lines once, to who listens when they are written, and no more than it has room for.
func TestLog(t *testing.T) {
	n := 0
	l := NewLog("abcde:0", func() string { n++; return fmt.Sprint("abcde:", n) })
	now := time.UnixMicro(7)
	l.Note(now, 3, "nobody listens")
	if got := l.Step(); got != nil {
		t.Fatalf("told: %v", got)
	}
	l.Wanted(true)
	l.Note(now, 3, "LOG_ROUTER: bad\x00 "+strings.Repeat("x", 2*maxLogText))
	ms := l.Step()
	if len(ms) != 1 || ms[0].To != "mc/sfe.abcde:0.logs" {
		t.Fatalf("got %v", ms)
	}
	m, err := message.Parse(ms[0].Body)
	if err != nil || m.Subject != SubjectRecord || len(m.Body.([]any)) != 1 {
		t.Fatalf("got %v, %v", m, err)
	}
	r, _ := m.Body.([]any)[0].(wire.Map)
	got := map[any]any{}
	for _, p := range r {
		got[p.Key] = p.Value
	}
	text, _ := got[uint32(LogText)].(string)
	if got[uint32(0)] != uint32(14) || got[uint32(Parent)] != "abcde:0" || got[uint32(StartTime)] != uint64(7) || got[uint32(EndTime)] != uint64(7) || got[uint32(LogSeverity)] != uint64(3) ||
		!strings.HasPrefix(text, "LOG_ROUTER: bad") || len(text) > maxLogText {
		t.Errorf("the record is %.200v", got)
	}
	if l.Step() != nil {
		t.Error("told twice")
	}
	for range maxLogLines + 5 {
		l.Note(now, 2, "x")
	}
	if ms := l.Step(); len(ms) != maxLogLines/MaxRecords || l.Lost() != 5 {
		t.Errorf("%d messages, %d lost", len(ms), l.Lost())
	}
}
