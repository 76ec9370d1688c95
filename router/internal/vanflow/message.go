package vanflow

import (
	"time"

	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Beacons is the address on which sources tell that they are there.
const Beacons = "mc/sfe.all"

// Subjects of the messages.
const (
	SubjectBeacon    = "BEACON"
	SubjectHeartbeat = "HEARTBEAT"
	SubjectRecord    = "RECORD"
	SubjectFlush     = "FLUSH"
)

// FormatVersion is that of the messages' format.
const FormatVersion uint32 = 1

// Message is one to send, settled.
type Message struct {
	To   string
	Body []byte // the sections after the router annotations
}

func (s *Source) message(to, subject string, props wire.Map, body any) Message {
	s.messages++
	return newMessage(s.messages-1, to, subject, props, body)
}

func newMessage(id int64, to, subject string, props wire.Map, body any) Message {
	m := message.Message{MessageID: id, To: to, Subject: subject, AppProps: props, Body: body, HasBody: true}
	b, err := m.Append(nil)
	if err != nil { // only values without an AMQP type are refused, and there are none
		panic(err)
	}
	return Message{To: to, Body: b}
}

func (s *Source) beacon() Message {
	return s.message(Beacons, SubjectBeacon, wire.Map{
		{Key: wire.Symbol("v"), Value: FormatVersion},
		{Key: wire.Symbol("sourceType"), Value: s.kind},
		{Key: wire.Symbol("id"), Value: s.id},
		{Key: wire.Symbol("address"), Value: s.RecordAddress()},
		{Key: wire.Symbol("direct"), Value: s.CommandAddress()},
	}, nil)
}

func (s *Source) heartbeat(now time.Time) Message {
	return s.message(s.heartbeatAddress(), SubjectHeartbeat, wire.Map{
		{Key: wire.Symbol("v"), Value: FormatVersion},
		{Key: wire.Symbol("now"), Value: micros(now)},
		{Key: wire.Symbol("id"), Value: s.id},
	}, nil)
}

// valueSection begins the body of a message (AMQP 3.2.8).
const valueSection = 0x77

func (s *Source) records(rs []*Record) Message {
	return s.message(s.RecordAddress(), SubjectRecord, nil, body(rs))
}

// body is records as the body of a message.
func body(rs []*Record) wire.Raw {
	b, list := wire.BeginList32(wire.AppendDescriptor(nil, valueSection))
	for _, r := range rs {
		b = r.append(b)
	}
	return wire.Raw(wire.EndList32(b, list, len(rs)))
}

// IsFlush tells whether a message to the command address asks for all records.
func IsFlush(body []byte) bool {
	h, _, err := message.ParseHead(body, true)
	return err == nil && h.Subject == SubjectFlush
}
