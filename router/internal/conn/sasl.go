package conn

import (
	"slices"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

func (c *Conn) offerMechanisms() {
	m := make([]wire.Symbol, 0, len(c.cfg.Mechanisms))
	for _, s := range c.cfg.Mechanisms {
		m = append(m, s.Mechanism())
	}
	c.sendSASL(&frame.SASLMechanisms{Mechanisms: m})
}

// sasl handles one SASL frame (AMQP 5.3.2). Neither mechanism has a challenge: EXTERNAL takes the identity from TLS, ANONYMOUS has none.
func (c *Conn) sasl(body []byte, evs []Event) []Event {
	p, _, err := frame.Decode(frame.TypeSASL, body)
	if err != nil {
		return c.fail(evs, "amqp:decode-error", err.Error())
	}
	switch p := p.(type) {
	case *frame.SASLMechanisms:
		if !c.cfg.Client {
			break
		}
		want := c.cfg.SASL.Mechanism()
		if !slices.Contains(p.Mechanisms, want) {
			return c.fail(evs, "amqp:unauthorized-access", "the peer does not offer SASL "+string(want))
		}
		// An empty response, not an absent one: peers tell the two apart.
		c.sendSASL(&frame.SASLInit{Mechanism: want, InitialResponse: []byte{}})
		return evs
	case *frame.SASLInit:
		if c.cfg.Client {
			break
		}
		for _, s := range c.cfg.Mechanisms {
			if s.Mechanism() == p.Mechanism {
				c.sendSASL(&frame.SASLOutcome{Outcome: 0})
				c.saslDone = true
				c.phase = wantHeader
				return evs
			}
		}
		c.sendSASL(&frame.SASLOutcome{Outcome: 1})
		return c.fail(evs, "amqp:unauthorized-access", "SASL mechanism "+string(p.Mechanism)+" is not offered")
	case *frame.SASLOutcome:
		if !c.cfg.Client {
			break
		}
		if p.Outcome != 0 {
			return c.fail(evs, "amqp:unauthorized-access", "the peer refused SASL "+string(c.cfg.SASL.Mechanism()))
		}
		c.saslDone = true
		c.phase = wantHeader
		c.appendRaw(frame.ProtoAMQP[:])
		c.sendOpen()
		return evs
	}
	return c.fail(evs, "amqp:not-allowed", "unexpected SASL frame")
}

func (c *Conn) sendSASL(p frame.Performative) {
	c.appendRaw(frame.AppendFrame(nil, frame.TypeSASL, 0, p, nil))
}
