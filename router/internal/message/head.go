package message

import (
	"fmt"

	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Head is what routing needs to know of a message. The application properties share memory with the message.
type Head struct {
	Durable       bool
	Priority      uint8 // DefaultPriority unless HasPriority
	HasPriority   bool
	MessageID     any // nil means absent
	CorrelationID any // nil means absent
	UserID        []byte
	To            string
	HasTo         bool
	Subject       string
	ReplyTo       string
	HasReplyTo    bool
	ContentType   string
	BodyOffset    int // octets before the body, which is the first data, sequence or value section
	appProps      []byte
	properties    int // fields of the properties section, nulls included
}

// ParseHead reads the sections before the body. b is the start of a message after its router annotations, or all of
// it if complete. need means that b does not reach to the body yet. Sections out of order, or more than
// limits.MaxHead octets of them, are an error.
func ParseHead(b []byte, complete bool) (h Head, need bool, err error) {
	h.Priority = DefaultPriority
	last := uint64(0)
	for {
		if h.BodyOffset > limits.MaxHead {
			return h, false, fmt.Errorf("message head: %w", errTooLong)
		}
		rest := b[h.BodyOffset:]
		if complete && len(rest) == 0 {
			return h, false, nil // no body: a peer may do that
		}
		s, need, err := nextSection(rest)
		switch {
		case err != nil:
			return h, false, fmt.Errorf("message head: %w", err)
		case need && complete:
			return h, false, fmt.Errorf("message head: %w", errShort)
		case need:
			return h, true, nil
		case s.code <= last:
			return h, false, fmt.Errorf("message head: section 0x%x after section 0x%x", s.code, last)
		case s.size == 0:
			return h, false, nil
		}
		if err := h.section(s.code, rest[s.value:s.size]); err != nil {
			return h, false, fmt.Errorf("message head: section 0x%x: %w", s.code, err)
		}
		last = s.code
		h.BodyOffset += s.size
	}
}

func (h *Head) section(code uint64, value []byte) error {
	switch code {
	case codeHeader:
		var x header
		err := x.decode(value)
		h.Durable, h.HasPriority = x.durable, x.hasPriority
		if x.hasPriority {
			h.Priority = x.priority
		}
		return err
	case codeProperties:
		var p properties
		err := p.decode(value)
		h.MessageID, h.UserID, h.CorrelationID = p.messageID, p.userID, p.correlationID
		h.To, h.HasTo, h.ReplyTo, h.HasReplyTo = p.to, p.hasTo, p.replyTo, p.hasReplyTo
		h.Subject, h.ContentType, h.properties = p.subject, p.contentType, p.count
		return err
	}
	if code == codeAppProperties {
		h.appProps = value
	}
	var d wire.Decoder
	d.Reset(value)
	d.Skip()
	return d.Err()
}

// AppProperties decodes the application properties; it returns nil if there are none.
func (h *Head) AppProperties() wire.Map {
	if h.appProps == nil {
		return nil
	}
	m, _ := wire.NewDecoder(h.appProps).Value().(wire.Map)
	return m
}

// AppProperty returns the value of an application property by its key, which may be a string or a symbol.
func (h *Head) AppProperty(key string) (any, bool) {
	if h.appProps == nil {
		return nil, false
	}
	var d wire.Decoder
	d.Reset(h.appProps)
	for count, _ := d.Map(); count > 0 && d.Err() == nil; count -= 2 {
		if k := d.Raw(); isKey(k, key) {
			v := d.Value()
			return v, d.Err() == nil
		}
		d.Skip()
	}
	return nil, false
}

// isKey says whether an encoded value is a string or symbol with the given text.
func isKey(raw []byte, key string) bool {
	if len(raw) == 0 {
		return false
	}
	switch raw[0] {
	case 0xa1, 0xa3:
		return string(raw[2:]) == key
	case 0xb1, 0xb3:
		return string(raw[5:]) == key
	}
	return false
}
