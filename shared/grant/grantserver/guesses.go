package grantserver

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// guesses counts wrong codes, by address of the sender and by grant. As long as there are few, it does nothing.
//
// Of an address that sent too many, one request at a time is looked at, and each wrong code takes guessDelay: that
// bounds how many codes it can try, yet one that then sends the right code gets its answer. For a grant that got too
// many from wherever, each wrong code takes guessDelay, the right one no longer than ever.
type guesses struct {
	mu      sync.Mutex
	sources map[string]*source
}

// source is an address or a grant from or for which wrong codes came.
type source struct {
	wrong []time.Time   // in the window, oldest first, at most freeGuesses of them
	turn  chan struct{} // of capacity 1: full while a request is looked at
	users int           // requests that hold or await turn
}

// hot tells whether the source had its free guesses.
func (s *source) hot(now time.Time) bool {
	return len(s.wrong) == freeGuesses && now.Sub(s.wrong[0]) < guessWindow
}

// enter waits until a request from that address may be looked at. If ctx ends before, so does the wait, without leave.
// leave must be called when the request has been looked at, with all delays.
func (g *guesses) enter(ctx context.Context, now time.Time, addr string) (leave func(), err error) {
	g.mu.Lock()
	s := g.sources[addr]
	if s == nil || !s.hot(now) {
		g.mu.Unlock()
		return func() {}, nil
	}
	s.users++
	g.mu.Unlock()
	done := func() {
		g.mu.Lock()
		s.users--
		g.mu.Unlock()
	}
	select {
	case s.turn <- struct{}{}:
		return func() { <-s.turn; done() }, nil
	case <-ctx.Done():
		done()
		return nil, ctx.Err()
	}
}

// wrong notes a wrong code from an address for a grant, and says how long its answer should take.
func (g *guesses) wrong(now time.Time, addr, uid string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	a, b := g.note(now, addr), g.note(now, "grant "+uid)
	if a || b {
		return guessDelay
	}
	return 0
}

// note counts for one source, and tells whether it had been hot. The mutex is held.
func (g *guesses) note(now time.Time, key string) bool {
	s := g.sources[key]
	if s == nil {
		g.makeRoom(now)
		s = &source{turn: make(chan struct{}, 1)}
		g.sources[key] = s
	}
	was := s.hot(now)
	if len(s.wrong) == freeGuesses {
		s.wrong = append(s.wrong[:0], s.wrong[1:]...)
	}
	s.wrong = append(s.wrong, now)
	return was
}

// makeRoom forgets the sources that are cold and, if that is not enough, any one that nobody waits at.
func (g *guesses) makeRoom(now time.Time) {
	if g.sources == nil {
		g.sources = map[string]*source{}
	}
	if len(g.sources) < maxSources {
		return
	}
	for key, s := range g.sources {
		if s.users == 0 && now.Sub(s.wrong[len(s.wrong)-1]) >= guessWindow {
			delete(g.sources, key)
		}
	}
	for key, s := range g.sources {
		if len(g.sources) < maxSources {
			return
		}
		if s.users == 0 {
			delete(g.sources, key)
		}
	}
}

// origin is the part of a remote address that one sender can hardly change: an IPv4 address, or an IPv6 network of 64
// bits.
func origin(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return remote
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.String()
		}
	}
	return ip.String()
}
