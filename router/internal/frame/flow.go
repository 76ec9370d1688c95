package frame

import "github.com/skupper-plugins/suite/router/internal/wire"

// Flow updates the state of a session, and of one of its links if Handle is set (AMQP 2.7.4).
type Flow struct {
	NextIncomingID *uint32 // nil means absent: no begin has been received
	IncomingWindow uint32  // transfers
	NextOutgoingID uint32
	OutgoingWindow uint32  // transfers
	Handle         *uint32 // nil means absent, and so do the fields below
	DeliveryCount  *uint32
	LinkCredit     *uint32 // deliveries
	Available      *uint32 // deliveries
	Drain          bool    // is always sent with a Handle
	Echo           bool
	Properties     wire.Map // nil means absent
}

// Code is the descriptor.
func (f *Flow) Code() uint64 { return CodeFlow }

// AppendBody appends the performative.
func (f *Flow) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeFlow)
	w.uintPtr(f.NextIncomingID)
	w.uint(f.IncomingWindow)
	w.uint(f.NextOutgoingID)
	w.uint(f.OutgoingWindow)
	w.uintPtr(f.Handle)
	w.uintPtr(f.DeliveryCount)
	w.uintPtr(f.LinkCredit)
	w.uintPtr(f.Available)
	if f.Handle != nil {
		w.bool(f.Drain)
	} else {
		w.flag(f.Drain)
	}
	w.flag(f.Echo)
	w.mapping(f.Properties)
	return w.end()
}

func (f *Flow) decode(d *wire.Decoder) error {
	r := newReader(d)
	f.NextIncomingID = r.uintPtr()
	f.IncomingWindow = r.needUint("incoming-window")
	f.NextOutgoingID = r.needUint("next-outgoing-id")
	f.OutgoingWindow = r.needUint("outgoing-window")
	f.Handle = r.uintPtr()
	f.DeliveryCount = r.uintPtr()
	f.LinkCredit = r.uintPtr()
	f.Available = r.uintPtr()
	f.Drain = r.bool()
	f.Echo = r.bool()
	f.Properties = r.mapping()
	return r.close()
}
