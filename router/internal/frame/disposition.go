package frame

import "github.com/skupper-plugins/suite/router/internal/wire"

// Disposition tells the peer the state of deliveries First to Last (AMQP 2.7.6).
type Disposition struct {
	Role      Role // of the one who speaks
	First     uint32
	Last      *uint32 // nil means the same as First
	Settled   bool
	State     DeliveryState // nil means absent
	Batchable bool
}

// Code is the descriptor.
func (f *Disposition) Code() uint64 { return CodeDisposition }

// AppendBody appends the performative.
func (f *Disposition) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeDisposition)
	w.bool(bool(f.Role))
	w.uint(f.First)
	w.uintPtr(f.Last)
	w.flag(f.Settled)
	w.state(f.State)
	w.flag(f.Batchable)
	return w.end()
}

func (f *Disposition) decode(d *wire.Decoder) error {
	r := newReader(d)
	if r.need("role") {
		f.Role = Role(d.Bool())
	}
	f.First = r.needUint("first")
	f.Last = r.uintPtr()
	f.Settled = r.bool()
	f.State = r.state()
	f.Batchable = r.bool()
	return r.close()
}
