package frame

import (
	"fmt"

	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// MaxTransferHeader bounds what AppendTransferHeader appends, in octets, for a tag of up to limits.MaxDeliveryTag octets
// and no more of a state than Received, an outcome without an error or none.
const MaxTransferHeader = 96

// Transfer carries a message, or a part of one, as its payload (AMQP 2.7.5).
type Transfer struct {
	Handle           uint32
	DeliveryID       uint32 // of no meaning unless HasDeliveryID; only the first transfer of a delivery needs it
	HasDeliveryID    bool
	DeliveryTag      []byte // nil means absent; shares memory with the frame when decoded
	MessageFormat    uint32 // of no meaning unless HasMessageFormat
	HasMessageFormat bool
	Settled          bool
	HasSettled       bool // sends Settled even if it is false
	More             bool
	RcvSettleMode    *uint8 // nil means absent
	State            DeliveryState
	Resume           bool
	Aborted          bool
	Batchable        bool
}

// Code is the descriptor.
func (t *Transfer) Code() uint64 { return CodeTransfer }

// AppendBody appends the performative, without a payload.
func (t *Transfer) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeTransfer)
	w.uint(t.Handle)
	w.uintIf(t.HasDeliveryID, t.DeliveryID)
	if t.DeliveryTag != nil {
		w.put(wire.AppendBinary(w.b, t.DeliveryTag))
	} else {
		w.null()
	}
	w.uintIf(t.HasMessageFormat, t.MessageFormat)
	if t.HasSettled {
		w.bool(t.Settled)
	} else {
		w.flag(t.Settled)
	}
	w.flag(t.More)
	if t.RcvSettleMode != nil {
		w.ubyte(*t.RcvSettleMode)
	} else {
		w.null()
	}
	w.state(t.State)
	w.flag(t.Resume)
	w.flag(t.Aborted)
	w.flag(t.Batchable)
	return w.end()
}

// AppendTransferHeader appends a frame header and the performative t for a payload of n octets, which has to follow.
// It does not allocate if b has room for MaxTransferHeader octets.
func AppendTransferHeader(b []byte, channel uint16, t *Transfer, n int) []byte {
	start := len(b)
	return endFrame(t.AppendBody(appendHeader(b, TypeAMQP, channel)), start, n)
}

func (t *Transfer) decode(d *wire.Decoder) error {
	*t = Transfer{}
	r := newReader(d)
	t.Handle = r.needUint("handle")
	if t.HasDeliveryID = r.has(); t.HasDeliveryID {
		t.DeliveryID = d.Uint()
	}
	if r.has() {
		if t.DeliveryTag = d.Binary(); len(t.DeliveryTag) > limits.MaxDeliveryTag {
			d.Fail("delivery-tag is more than 32 octets")
		}
	}
	if t.HasMessageFormat = r.has(); t.HasMessageFormat {
		t.MessageFormat = d.Uint()
	}
	if t.HasSettled = r.has(); t.HasSettled {
		t.Settled = d.Bool()
	}
	t.More = r.bool()
	if r.has() {
		mode := d.Ubyte()
		if mode > RcvSecond {
			d.Fail("rcv-settle-mode is more than 1")
		}
		t.RcvSettleMode = &mode
	}
	t.State = r.state()
	t.Resume = r.bool()
	t.Aborted = r.bool()
	t.Batchable = r.bool()
	return r.close()
}

// DecodeTransfer decodes body into t if it is a transfer; ok is false if it is another performative or none at all.
// The payload and t.DeliveryTag share memory with body. It does not allocate unless the transfer has a state,
// a settlement mode of its own or an error.
func DecodeTransfer(body []byte, t *Transfer) (payload []byte, ok bool, err error) {
	if len(body) < 3 || body[0] != 0x00 || body[1] != 0x53 || body[2] != CodeTransfer {
		return decodeLongTransfer(body, t)
	}
	var d wire.Decoder
	d.Reset(body)
	d.Descriptor()
	return transferBody(&d, body, t)
}

// decodeLongTransfer takes the descriptors that are not in their shortest form.
func decodeLongTransfer(body []byte, t *Transfer) ([]byte, bool, error) {
	var d wire.Decoder
	d.Reset(body)
	if d.Descriptor() != CodeTransfer || d.Err() != nil {
		return nil, false, nil
	}
	return transferBody(&d, body, t)
}

func transferBody(d *wire.Decoder, body []byte, t *Transfer) ([]byte, bool, error) {
	if err := t.decode(d); err != nil {
		return nil, true, fmt.Errorf("decode transfer: %w", err)
	}
	return body[d.Offset():], true, nil
}
