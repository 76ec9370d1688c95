package transport

import "github.com/skupper-plugins/suite/router/internal/frame"

// Tracer is told of the frames of a connection. Its methods are called on the connection's goroutines.
type Tracer interface {
	// Tracing reports that frames are wanted now.
	Tracing() bool
	// Frame is one frame as text; octets is how many of a message it carries.
	Frame(in bool, channel uint16, text string, octets int)
}

// Trace has t told of the frames of the connection. Call it before Run.
func (p *Peer) Trace(t Tracer) { p.tracer = t }

// trace tells of the frames in b, which begins with one.
func (p *Peer) trace(in bool, b []byte) {
	if p.tracer == nil || len(b) == 0 || !p.tracer.Tracing() {
		return
	}
	for len(b) >= frame.HeaderSize {
		if string(b[:4]) == "AMQP" {
			p.tracer.Frame(in, 0, "AMQP "+protocolName(b[4]), 0)
			b = b[len(frame.ProtoAMQP):]
			continue
		}
		h, err := frame.ParseHeader(b)
		if err != nil || int(h.Size) > len(b) { // the connection says what is wrong with it
			return
		}
		if performative, payload, err := frame.Decode(h.Type, b[h.BodyOffset():h.Size]); err == nil && performative != nil {
			if init, ok := performative.(*frame.SASLInit); ok {
				init.InitialResponse = nil // may be a password
			}
			p.tracer.Frame(in, h.Channel, frame.Text(performative), len(payload))
		} else if err == nil {
			p.tracer.Frame(in, h.Channel, "(empty)", 0)
		}
		b = b[h.Size:]
	}
}

func protocolName(id byte) string {
	if id == frame.ProtoSASL[4] {
		return "SASL"
	}
	return "1.0"
}
