package conn

import (
	"fmt"
	"time"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

func symbol(s string) wire.Symbol { return wire.Symbol(s) }

// sendOpen sends our open. Half of the idle timeout is advertised (AMQP 2.4.5: peers should halve what they enforce).
func (c *Conn) sendOpen() {
	c.openSent = true
	c.send(0, &frame.Open{
		ContainerID: c.cfg.ContainerID, Hostname: c.cfg.Hostname, MaxFrameSize: c.cfg.MaxFrameSize,
		ChannelMax: c.cfg.ChannelMax, HasChannelMax: true, IdleTimeout: uint32(c.cfg.IdleTimeout / 2 / time.Millisecond),
		OfferedCapabilities: c.cfg.OfferedCaps, DesiredCapabilities: c.cfg.DesiredCaps, Properties: c.cfg.Properties,
	})
}

func (c *Conn) onOpen(o *frame.Open, evs []Event) []Event {
	if c.phase != wantOpen {
		return c.fail(evs, "amqp:not-allowed", "a second open")
	}
	if o.MaxFrameSize != 0 && o.MaxFrameSize < limits.MinFrameSize { // AMQP 2.7.1
		return c.fail(evs, "amqp:invalid-field", fmt.Sprintf("max-frame-size is %d, at least %d is needed", o.MaxFrameSize, limits.MinFrameSize))
	}
	if len(o.ContainerID) > limits.MaxNameLen {
		return c.fail(evs, "amqp:invalid-field", "container-id is too long")
	}
	c.remote = o
	c.maxSend = int(min(c.cfg.MaxFrameSize, chunk.Size)) // a frame has to fit into a chunk
	if o.MaxFrameSize != 0 {
		c.maxSend = int(min(uint32(c.maxSend), o.MaxFrameSize))
	}
	if !c.openSent {
		c.sendOpen()
	}
	c.phase = open
	return append(evs, Event{Kind: Opened})
}

// IsOpen reports that both sides have opened and neither has closed.
func (c *Conn) IsOpen() bool { return c.phase == open }
