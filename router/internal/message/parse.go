package message

import (
	"bytes"
	"fmt"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Parse reads a whole message after its router annotations. A body that is not an amqp-value becomes wire.Raw.
// Delivery and message annotations and the footer are read over.
func Parse(b []byte) (*Message, error) {
	h, _, err := ParseHead(b, true)
	if err != nil {
		return nil, err
	}
	m := &Message{
		Durable: h.Durable, Priority: h.Priority, HasPriority: h.HasPriority, HasHeader: hasHeader(b),
		MessageID: h.MessageID, UserID: h.UserID, To: h.To, Subject: h.Subject, ReplyTo: h.ReplyTo,
		CorrelationID: h.CorrelationID, ContentType: h.ContentType, AppProps: h.AppProperties(), MinProperties: h.properties,
	}
	if err := m.parseBody(b[h.BodyOffset:]); err != nil {
		return nil, fmt.Errorf("message body: %w", err)
	}
	return m, nil
}

func hasHeader(b []byte) bool {
	s, _, err := nextSection(b)
	return err == nil && s.code == codeHeader
}

func (m *Message) parseBody(b []byte) error {
	d := wire.NewDecoder(b)
	for start, last := 0, uint64(0); d.Len() > 0; start = d.Offset() {
		code := d.Descriptor()
		if d.Err() == nil && !follows(code, last) {
			return fmt.Errorf("section 0x%x after section 0x%x", code, last)
		}
		last = code
		if code == codeValue {
			m.Body, m.HasBody = d.Value(), true
		} else {
			d.Skip()
		}
		if err := d.Err(); err != nil {
			return err
		}
		if code == codeData || code == codeSequence {
			m.HasBody = true
			raw, _ := m.Body.(wire.Raw)
			m.Body = append(raw, bytes.Clone(b[start:d.Offset()])...)
		}
	}
	return nil
}

// follows says whether a section of the body may come after another, 0 being none.
func follows(code, last uint64) bool {
	switch code {
	case codeData, codeSequence:
		return last == 0 || last == code
	case codeValue:
		return last == 0
	case codeFooter:
		return last != codeFooter
	}
	return false
}
