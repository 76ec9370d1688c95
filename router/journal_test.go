package router

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// TestJournal keeps the last lines as others show them, and tells of those that warn.
func TestJournal(t *testing.T) {
	j := &Journal{}
	var told []string
	j.telling(func(_ time.Time, severity uint64, text string) { told = append(told, fmt.Sprint(severity, " ", text)) })
	log := zerolog.New(j).With().Timestamp().Str("router", "A").Logger()
	log.Info().Int("link", 3).Msg("neighbour found")
	log.Warn().Str("err", "no").Msg("control message refused")
	log.Error().Msg("cannot listen")
	var got []string
	for _, e := range j.entries(10) {
		if d := time.Since(time.Unix(e.Time, 0)); d < 0 || d > time.Minute {
			t.Errorf("the time is %d", e.Time)
		}
		got = append(got, e.Level+" "+e.Module+" "+e.Text)
	}
	want := "info ROUTER neighbour found link=3 router=A; warning ROUTER control message refused err=no router=A; error ROUTER cannot listen router=A"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
	if s := strings.Join(told, "; "); s != "2 LOG_ROUTER: control message refused err=no router=A; 3 LOG_ROUTER: cannot listen router=A" {
		t.Errorf("told: %s", s)
	}
	j.telling(nil)
	for i := range 2 * maxJournal {
		log.Warn().Int("i", i).Msg(strings.Repeat("x", 2*i)) // and some are cut
	}
	all := j.entries(5 * maxJournal)
	if len(all) != maxJournal || len(told) != 2 {
		t.Errorf("%d lines are kept, %d told", len(all), len(told))
	}
	if last := j.entries(1); len(last) != 1 || last[0].Level != "warning" || !strings.Contains(last[0].Text, "xxx") || len(last[0].Text) > maxLine {
		t.Errorf("the last line is %v", last)
	}
}
