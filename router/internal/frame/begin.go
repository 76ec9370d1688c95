package frame

import (
	"math"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Begin starts a session (AMQP 2.7.2).
type Begin struct {
	RemoteChannel       *uint16 // the peer's channel, in an answer only
	NextOutgoingID      uint32
	IncomingWindow      uint32 // transfers
	OutgoingWindow      uint32 // transfers
	HandleMax           uint32 // decodes to 4294967295 if absent; is always sent
	OfferedCapabilities []wire.Symbol
	DesiredCapabilities []wire.Symbol
	Properties          wire.Map // nil means absent
}

// Code is the descriptor.
func (f *Begin) Code() uint64 { return CodeBegin }

// AppendBody appends the performative.
func (f *Begin) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeBegin)
	if f.RemoteChannel != nil {
		w.put(wire.AppendUshort(w.b, *f.RemoteChannel))
	} else {
		w.null()
	}
	w.uint(f.NextOutgoingID)
	w.uint(f.IncomingWindow)
	w.uint(f.OutgoingWindow)
	w.uint(f.HandleMax)
	w.symbols(f.OfferedCapabilities)
	w.symbols(f.DesiredCapabilities)
	w.mapping(f.Properties)
	return w.end()
}

func (f *Begin) decode(d *wire.Decoder) error {
	r := newReader(d)
	if r.has() {
		channel := d.Ushort()
		f.RemoteChannel = &channel
	}
	f.NextOutgoingID = r.needUint("next-outgoing-id")
	f.IncomingWindow = r.needUint("incoming-window")
	f.OutgoingWindow = r.needUint("outgoing-window")
	f.HandleMax = r.uintOr(math.MaxUint32)
	f.OfferedCapabilities = r.symbols()
	f.DesiredCapabilities = r.symbols()
	f.Properties = r.mapping()
	return r.close()
}
