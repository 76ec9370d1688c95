package conn

import "github.com/skupper-plugins/suite/router/internal/limits"

// Streams that come in share the window of their session. Those whose sender minds a window of its own, as TCP flows have, need the session's to be open,
// always: it must never be what they wait for. Others have nothing but the session's window to make their sender wait.

// streaming is what kind of stream a delivery is.
type streaming uint8

const (
	whole    streaming = iota // none
	windowed                  // its sender minds a window of its own
	plain                     // it does not
)

// Stream says that d is a stream, and whether its sender minds a window of its own.
func (c *Conn) Stream(d *InDelivery, hasWindow bool) {
	if d.stream != whole || d.gone || d.complete {
		return
	}
	s := d.Link.s
	if !hasWindow {
		d.stream = plain
		s.messages++
		return
	}
	d.stream = windowed
	if s.windowed++; s.inWindow <= s.full()/2 {
		s.reopen()
	}
}

// endStream ends the count of a delivery of which nothing more comes.
func (d *InDelivery) endStream() {
	s := d.Link.s
	switch d.stream {
	case windowed:
		s.windowed--
		s.narrow()
	case plain:
		s.messages--
	case whole:
	}
	d.stream = whole
}

// Hold makes the window of the session of l small, if the configuration has it, and keeps it closed once it is used up, until [Conn.Release] has been called as often. It reports
// whether that makes the peer wait: while streams with a window of their own share the session it stays open.
func (c *Conn) Hold(l *Link) bool {
	l.s.holds++
	l.s.narrow()
	return l.s.windowed == 0
}

// narrow takes back what a held session's peer may send. What is on its way already still comes.
func (s *Session) narrow() {
	if !s.c.cfg.Narrows || s.holds == 0 || s.windowed > 0 || s.inWindow <= limits.HeldWindow || !s.begun {
		return
	}
	s.slack += s.inWindow - limits.HeldWindow
	s.inWindow = limits.HeldWindow
	s.dry = true
	s.sendFlow(nil)
}

// Shared reports that streams with a window of their own share the session of l.
func (c *Conn) Shared(l *Link) bool { return l.s.windowed > 0 }

// Release takes back one Hold.
func (c *Conn) Release(l *Link) {
	if l.s.holds--; l.s.holds == 0 && l.s.dry {
		l.s.reopen()
	}
}

// Replenish opens the windows that were kept closed because of memory.
func (c *Conn) Replenish() {
	for _, s := range c.local {
		if s != nil && s.dry {
			s.reopen()
		}
	}
}

// full is the window that the peer gets.
func (s *Session) full() uint32 {
	if s.windowed > 0 {
		return s.c.cfg.IncomingWindow
	}
	return s.c.cfg.MessageWindow
}

// reopen opens the window of a session for the peer, unless somebody cannot take more octets now: then it is left for later. What routers and
// management say to each other has sessions without streams, and never waits.
func (s *Session) reopen() {
	s.dry = s.holds > 0 && s.windowed == 0 || s.windowed+s.messages > 0 && s.c.cfg.Chunks.Starve()
	if full := s.full(); !s.dry && s.inWindow < full {
		s.slack -= min(s.slack, full-s.inWindow)
		s.inWindow = full
		s.sendFlow(nil)
	}
}
