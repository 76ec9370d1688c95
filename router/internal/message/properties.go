package message

import (
	"bytes"

	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// properties are the fields of the properties section that routers look at (AMQP 3.2.4).
type properties struct {
	messageID, correlationID any
	userID                   []byte
	to, subject, replyTo     string
	hasTo, hasReplyTo        bool
	contentType              string
	count                    int // fields on the wire, nulls included
}

// decode reads the value of the section.
func (p *properties) decode(b []byte) error {
	var d wire.Decoder
	d.Reset(b)
	left, end := d.List()
	p.count = left
	if left > limits.MaxFields {
		d.Fail("list has too many fields")
	}
	has := func() bool {
		if left == 0 || d.Err() != nil {
			return false
		}
		left--
		return !d.Null()
	}
	if has() {
		p.messageID = d.Value()
	}
	if has() {
		p.userID = bytes.Clone(d.Binary())
	}
	if p.hasTo = has(); p.hasTo {
		p.to = text(&d, limits.MaxAddressLen)
	}
	if has() {
		p.subject = text(&d, limits.MaxAddressLen)
	}
	if p.hasReplyTo = has(); p.hasReplyTo {
		p.replyTo = text(&d, limits.MaxAddressLen)
	}
	if has() {
		p.correlationID = d.Value()
	}
	if has() {
		p.contentType = text(&d, limits.MaxNameLen)
	}
	d.Close(left, end)
	return d.Err()
}
