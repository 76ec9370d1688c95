package grantserver

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestGuesses(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var g guesses
	for i := range freeGuesses {
		if d := g.wrong(now, "a", "u"); d != 0 {
			t.Errorf("guess %d takes %v", i+1, d)
		}
	}
	for name, tt := range map[string]struct {
		addr, uid string
		after     time.Duration
		want      time.Duration
	}{
		"same address":                 {"a", "v", 0, guessDelay},
		"same grant, other address":    {"b", "u", 0, guessDelay},
		"other address and grant":      {"c", "w", 0, 0},
		"a little before it is forgot": {"a", "x", guessWindow - 1, guessDelay},
		"after the window":             {"d", "u", guessWindow, 0},
	} {
		h := guesses{sources: map[string]*source{}}
		for k, s := range g.sources {
			c := *s
			c.wrong = append([]time.Time(nil), s.wrong...)
			h.sources[k] = &c
		}
		if d := h.wrong(now.Add(tt.after), tt.addr, tt.uid); d != tt.want {
			t.Errorf("%s: %v, want %v", name, d, tt.want)
		}
	}
}

func TestGuessesOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g guesses
		for range freeGuesses {
			g.wrong(time.Now(), "a", "u")
		}
		leave, err := g.enter(t.Context(), time.Now(), "a")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.enter(ctx, time.Now(), "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("second at the same time: %v", err)
		}
		if other, err := g.enter(ctx, time.Now(), "b"); err != nil {
			t.Errorf("other address: %v", err)
		} else {
			other()
		}
		leave()
		again, err := g.enter(t.Context(), time.Now(), "a")
		if err != nil {
			t.Fatal(err)
		}
		again()
		if n := g.sources["a"].users; n != 0 {
			t.Errorf("%d users left", n)
		}
	})
}

func TestGuessesAreBounded(t *testing.T) {
	now := time.Now()
	var g guesses
	for i := range 3 * maxSources {
		g.wrong(now, fmt.Sprint(i), "u")
	}
	if n := len(g.sources); n > maxSources {
		t.Errorf("%d sources", n)
	}
	g.wrong(now.Add(guessWindow), "late", "u")
	if n := len(g.sources); n > 3 {
		t.Errorf("%d sources after the window", n)
	}
}

func TestOrigin(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.1:99":             "10.0.0.1",
		"[::ffff:10.0.0.1]:99":    "10.0.0.1",
		"[2001:db8:1:2:3::4]:99":  "2001:db8:1:2::/64",
		"[2001:db8:1:2:ff::4]:99": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:99":       "fe80::/64",
		"pipe":                    "pipe",
	} {
		if got := origin(in); got != want {
			t.Errorf("origin(%q) = %q, want %q", in, got, want)
		}
	}
}
