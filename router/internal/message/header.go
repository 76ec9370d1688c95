package message

import (
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// header is the part of the header section that routers look at (AMQP 3.2.1).
type header struct {
	durable     bool
	priority    uint8
	hasPriority bool
}

// DefaultPriority is that of a message whose header does not tell (AMQP 3.2.1).
const DefaultPriority = 4

// decode reads the value of the section.
func (h *header) decode(b []byte) error {
	var d wire.Decoder
	d.Reset(b)
	left, end := d.List()
	if left > limits.MaxFields {
		d.Fail("list has too many fields")
	}
	if left > 0 {
		left--
		h.durable = !d.Null() && d.Bool()
	}
	if left > 0 {
		left--
		if h.hasPriority = !d.Null(); h.hasPriority {
			h.priority = d.Ubyte()
		}
	}
	d.Close(left, end)
	return d.Err()
}
