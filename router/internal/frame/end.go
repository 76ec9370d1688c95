package frame

import "github.com/skupper-plugins/suite/router/internal/wire"

// End ends a session (AMQP 2.7.8).
type End struct{ Error *Error }

// Code is the descriptor.
func (f *End) Code() uint64 { return CodeEnd }

// AppendBody appends the performative.
func (f *End) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeEnd)
	w.error(f.Error)
	return w.end()
}

func (f *End) decode(d *wire.Decoder) error {
	r := newReader(d)
	f.Error = r.error()
	return r.close()
}
