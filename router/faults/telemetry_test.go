//go:build linux

package faults

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
	"github.com/skupper-plugins/suite/router/routertest"
)

// records is a message of telemetry.
func records(t *testing.T, subject string, recs ...any) []byte {
	m := message.Message{Subject: subject}
	if recs != nil {
		m.HasBody, m.Body = true, recs
	}
	b, err := m.Append(nil)
	if err != nil {
		t.Error(err)
	}
	return b
}

// TestTelemetryFloods has clients ask for everything again and again, tell of a hundred thousand flows and their halves, with attributes as large as they can
// be, and of ten thousand sources.
func TestTelemetryFloods(t *testing.T) {
	siege(t, 150, func(b *besieged) {
		ear := meet(t, b.plain, opening(), receiver(0, "mc/sfe.all", math.MaxInt32))
		source := ""
		routertest.Eventually(t, patience, func(context.Context) error {
			ear.mu.Lock()
			defer ear.mu.Unlock()
			all := regexp.MustCompile(`mc/sfe\.([A-Za-z0-9+_]{5}:0)`).FindSubmatch(ear.last)
			if all == nil {
				return fmt.Errorf("no beacon has come")
			}
			source = string(all[1])
			return nil
		})
		ear.say(receiver(1, "mc/sfe."+source, math.MaxInt32), receiver(2, "mc/sfe."+source+".flows", math.MaxInt32), receiver(3, "mc/sfe."+source+".logs", math.MaxInt32))
		awake, done := make(chan struct{}), make(chan struct{})
		go func() { // however long it takes, the router hears of it within its idle time
			defer close(done)
			for ear.say(frame.AppendEmpty(nil)) {
				select {
				case <-awake:
					return
				case <-time.After(time.Second):
				}
			}
		}()
		defer func() { close(awake); <-done }()
		name, _, _ := strings.Cut(source, ":")
		large := strings.Repeat("x", 900)
		half := func(id uint32) []byte {
			var recs []any
			for i := range uint32(12) {
				recs = append(recs, wire.Map{{Key: uint32(0), Value: uint32(16)}, {Key: uint32(1), Value: fmt.Sprintf("%s:%d", name, id*12+i)}, {Key: uint32(33), Value: large}})
			}
			return records(t, "RECORD", recs...)
		}
		var all sync.WaitGroup
		for _, flood := range []struct {
			to  string
			n   uint32
			say func(id uint32) []byte
		}{
			{"sfe." + source, 20_000, func(uint32) []byte { return records(t, "FLUSH") }},
			{"vfcr." + source, 9_000, half},
			{"mc/sfe." + source + ".flows", 9_000, half},
			{"mc/sfe.all", 10_000, func(id uint32) []byte {
				return records(t, "BEACON", wire.Map{{Key: "identity", Value: fmt.Sprint("x", id)}, {Key: "address", Value: fmt.Sprint("mc/sfe.", id)}})
			}},
		} {
			s := meet(t, b.plain, opening())
			s.sends(t, flood.to)
			all.Go(func() {
				for id := uint32(0); id < flood.n; {
					var out []byte
					for range 50 { // of its credit of 250
						out = append(out, transfer(0, id, false, flood.say(id))...)
						id++
					}
					if !s.say(out) {
						return // it is more than it may
					}
					select {
					case <-s.heard:
					case <-s.over:
						return
					}
				}
			})
		}
		all.Wait()
		if !ear.listens() {
			t.Error("who listens to telemetry was cut off")
		}
	})
}
