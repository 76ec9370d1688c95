package router

import (
	"net"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

const (
	// failurePause is how long nothing more is said of what one peer fails at, after it was said once. Then all that happened meanwhile is one line.
	failurePause = time.Minute
	// maxFailing is how many peers are told apart at once. The others count as one.
	maxFailing = 256
	// fewLines is how many lines of connections that have opened, or of routing, come in each fewPeriod.
	fewLines  = 500
	fewPeriod = 10 * time.Second
)

// failures keeps peers from filling the log: each line that a stranger can cause by connecting comes once, and then as a number of how often more.
type failures struct {
	log zerolog.Logger

	mu    sync.Mutex
	since map[failing]*failed
}

// few is a log in which lines that a peer can cause as often as it likes come no more often than would be read: beyond that each hundredth.
func few(log zerolog.Logger) zerolog.Logger {
	return log.Sample(&zerolog.BurstSampler{Burst: fewLines, Period: fewPeriod, NextSampler: &zerolog.BasicSampler{N: 100}})
}

// failing is who fails at what, and where.
type failing struct{ what, listener, host string }

type failed struct {
	told time.Time
	more int
	last error
}

func newFailures(log zerolog.Logger) *failures {
	return &failures{log: log, since: map[failing]*failed{}}
}

// others stands for the peers that are not told apart.
const others = "others"

// note says what a peer has failed at, or counts it.
func (f *failures) note(now time.Time, what, listener string, peer net.Addr, err error) {
	host, _, _ := net.SplitHostPort(peer.String())
	if f.first(now, failing{what, listener, host}, err) {
		f.log.Info().Err(err).Str("listener", listener).Str("host", peer.String()).Msg(what)
	}
}

// first reports that this is to be said at once; else it is counted.
func (f *failures) first(now time.Time, k failing, err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.since[k] == nil && len(f.since) >= maxFailing {
		k.host = others
	}
	if n := f.since[k]; n != nil {
		n.more++
		n.last = err
		return false
	}
	f.since[k] = &failed{told: now}
	return true
}

// sum is what was not said of a peer.
type sum struct {
	failing
	more int
	last error
}

// tick sums up what was not said, when it is time. A peer that has failed no more is forgotten.
func (f *failures) tick(now time.Time) { f.say(f.due(now)) }

func (f *failures) due(now time.Time) (out []sum) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, n := range f.since {
		if now.Sub(n.told) < failurePause {
			continue
		}
		if n.more == 0 {
			delete(f.since, k)
			continue
		}
		out = append(out, sum{k, n.more, n.last})
		n.told, n.more, n.last = now, 0, nil
	}
	return out
}

// end says what is left to say.
func (f *failures) end() { f.say(f.rest()) }

func (f *failures) rest() (out []sum) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for k, n := range f.since {
		if n.more > 0 {
			out = append(out, sum{k, n.more, n.last})
		}
	}
	clear(f.since)
	return out
}

// say writes lines without the lock: who reads the log may be slow.
func (f *failures) say(sums []sum) {
	for _, s := range sums {
		f.log.Info().AnErr("last", s.last).Str("listener", s.listener).Str("host", s.host).Int("more", s.more).Msg(s.what)
	}
}
