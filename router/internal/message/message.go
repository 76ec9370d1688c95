package message

import (
	"fmt"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Message is a whole message of control, management or telemetry, after its router annotations.
type Message struct {
	HasHeader     bool // sends a header section
	Durable       bool
	Priority      uint8 // DefaultPriority unless HasPriority
	HasPriority   bool
	MessageID     any    // nil means absent
	UserID        []byte // nil means absent
	To            string // "" means absent, here and below
	Subject       string
	ReplyTo       string
	CorrelationID any // nil means absent
	ContentType   string
	MinProperties int // least number of fields of the properties, nulls included; 6 for control messages of the link state
	AppProps      wire.Map
	Body          any // value of an amqp-value section, or wire.Raw: body sections of another kind, with their descriptors
	HasBody       bool
}

// Append appends the sections of the message. It fails if a value has no AMQP type.
func (m *Message) Append(b []byte) ([]byte, error) {
	if m.HasHeader {
		b = m.appendHeader(b)
	}
	b, err := m.appendProperties(b)
	if err != nil {
		return b, fmt.Errorf("encode properties: %w", err)
	}
	if m.AppProps != nil {
		if b, err = wire.AppendValue(wire.AppendDescriptor(b, codeAppProperties), m.AppProps); err != nil {
			return b, fmt.Errorf("encode application properties: %w", err)
		}
	}
	if raw, ok := m.Body.(wire.Raw); ok && m.HasBody {
		return append(b, raw...), nil
	}
	if m.HasBody {
		if b, err = wire.AppendValue(wire.AppendDescriptor(b, codeValue), m.Body); err != nil {
			return b, fmt.Errorf("encode body: %w", err)
		}
	}
	return b, nil
}

func (m *Message) appendHeader(b []byte) []byte {
	b, list := wire.BeginList32(wire.AppendDescriptor(b, codeHeader))
	b = wire.AppendBool(b, m.Durable)
	count := 1
	if m.HasPriority {
		b = wire.AppendUbyte(b, m.Priority)
		count = 2
	}
	return wire.EndList32(b, list, count)
}

func (m *Message) appendProperties(b []byte) ([]byte, error) {
	fields := [...]any{m.MessageID, nil, orNil(m.To), orNil(m.Subject), orNil(m.ReplyTo), m.CorrelationID, orNil(m.ContentType)}
	if m.UserID != nil {
		fields[1] = m.UserID
	}
	count := min(m.MinProperties, len(fields))
	for i, v := range fields {
		if v != nil && i >= count {
			count = i + 1
		}
	}
	if count == 0 {
		return b, nil
	}
	b, list := wire.BeginList32(wire.AppendDescriptor(b, codeProperties))
	for _, v := range fields[:count] {
		var err error
		if b, err = wire.AppendValue(b, v); err != nil {
			return b, err
		}
	}
	return wire.EndList32(b, list, count), nil
}

// orNil makes "" null. Content types and subjects are strings to routers, whatever AMQP says.
func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
