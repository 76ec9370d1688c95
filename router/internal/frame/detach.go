package frame

import "github.com/skupper-plugins/suite/router/internal/wire"

// Detach ends a link, for good if Closed (AMQP 2.7.7).
type Detach struct {
	Handle uint32
	Closed bool
	Error  *Error // nil means absent
}

// Code is the descriptor.
func (f *Detach) Code() uint64 { return CodeDetach }

// AppendBody appends the performative.
func (f *Detach) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeDetach)
	w.uint(f.Handle)
	w.flag(f.Closed)
	w.error(f.Error)
	return w.end()
}

func (f *Detach) decode(d *wire.Decoder) error {
	r := newReader(d)
	f.Handle = r.needUint("handle")
	f.Closed = r.bool()
	f.Error = r.error()
	return r.close()
}
