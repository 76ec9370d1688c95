package frame

import "github.com/skupper-plugins/suite/router/internal/wire"

// Close ends a connection (AMQP 2.7.9).
type Close struct{ Error *Error }

// Code is the descriptor.
func (f *Close) Code() uint64 { return CodeClose }

// AppendBody appends the performative.
func (f *Close) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeClose)
	w.error(f.Error)
	return w.end()
}

func (f *Close) decode(d *wire.Decoder) error {
	r := newReader(d)
	f.Error = r.error()
	return r.close()
}
