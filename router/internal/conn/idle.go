package conn

import (
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
)

// heartbeat is how long we may stay silent: less than half of what the peer advertised, which some peers take as the limit (AMQP 2.4.5).
func (c *Conn) heartbeat() time.Duration {
	if c.remote == nil || c.remote.IdleTimeout == 0 {
		return 0
	}
	return max(time.Duration(c.remote.IdleTimeout)*time.Millisecond*45/100, 10*time.Millisecond)
}

// NextDeadline is when Tick is due; the zero time means never.
func (c *Conn) NextDeadline() time.Time {
	var at time.Time
	sooner := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	if c.phase == done {
		return at
	}
	if c.phase < open && c.cfg.Handshake > 0 {
		sooner(c.started.Add(c.cfg.Handshake))
	}
	if c.cfg.IdleTimeout > 0 && c.phase >= open {
		sooner(c.lastIn.Add(c.cfg.IdleTimeout))
	}
	if c.phase == closeSent && !c.closeBy.IsZero() {
		sooner(c.closeBy)
	}
	if h := c.heartbeat(); h > 0 && c.phase == open {
		sooner(c.lastOut.Add(h))
	}
	return at
}

// Silent reports that the peer has been silent for too long: the next Tick gives it up.
func (c *Conn) Silent(now time.Time) bool {
	return c.phase >= open && c.phase != done && c.cfg.IdleTimeout > 0 && !now.Before(c.lastIn.Add(c.cfg.IdleTimeout))
}

// Doubtful reports that the peer has been silent for so long that it is probably not there any more: by now it should have said something twice.
func (c *Conn) Doubtful(now time.Time) bool {
	return c.phase == open && c.cfg.IdleTimeout > 0 && now.Sub(c.lastIn) >= c.cfg.IdleTimeout*5/8
}

// Heard takes it that the peer was heard at that time.
func (c *Conn) Heard(now time.Time) { c.lastIn = now }

// Tick does what time asks for: a heartbeat, or the end of a peer that has gone silent.
func (c *Conn) Tick(now time.Time, evs []Event) []Event {
	switch {
	case c.phase == done:
		return evs
	case c.phase < open && c.cfg.Handshake > 0 && !now.Before(c.started.Add(c.cfg.Handshake)):
		c.fail(nil, "amqp:resource-limit-exceeded", "the connection was not opened in time")
		return c.finish(evs)
	case c.Silent(now):
		c.fail(nil, "amqp:resource-limit-exceeded", "local-idle-timeout expired")
		return c.finish(evs)
	case c.phase == closeSent && !c.closeBy.IsZero() && !now.Before(c.closeBy):
		c.phase = done // the peer had its time
		return c.finish(evs)
	}
	if h := c.heartbeat(); h > 0 && c.phase == open && !now.Before(c.lastOut.Add(h)) {
		if len(c.out) == 0 {
			c.appendRaw(frame.AppendEmpty(nil))
		}
		c.lastOut = now // also when output waits for a slow writer: it is no use to come back at once
	}
	return evs
}
