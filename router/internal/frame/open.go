package frame

import (
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Open negotiates a connection (AMQP 2.7.1).
type Open struct {
	ContainerID         string
	Hostname            string // "" means absent
	MaxFrameSize        uint32 // octets; 0 means absent, which is 4294967295
	ChannelMax          uint16 // of no meaning unless HasChannelMax; absent is 65535
	HasChannelMax       bool
	IdleTimeout         uint32 // milliseconds; 0 means absent: no limit
	OutgoingLocales     []wire.Symbol
	IncomingLocales     []wire.Symbol
	OfferedCapabilities []wire.Symbol
	DesiredCapabilities []wire.Symbol
	Properties          wire.Map // nil means absent
}

// Code is the descriptor.
func (o *Open) Code() uint64 { return CodeOpen }

// AppendBody appends the performative.
func (o *Open) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeOpen)
	w.string(o.ContainerID)
	w.stringIf(o.Hostname != "", o.Hostname)
	w.uintIf(o.MaxFrameSize != 0, o.MaxFrameSize)
	if o.HasChannelMax {
		w.put(wire.AppendUshort(w.b, o.ChannelMax))
	} else {
		w.null()
	}
	w.uintIf(o.IdleTimeout != 0, o.IdleTimeout)
	w.symbols(o.OutgoingLocales)
	w.symbols(o.IncomingLocales)
	w.symbols(o.OfferedCapabilities)
	w.symbols(o.DesiredCapabilities)
	w.mapping(o.Properties)
	return w.end()
}

func (o *Open) decode(d *wire.Decoder) error {
	r := newReader(d)
	o.ContainerID = r.needText("container-id")
	o.Hostname, _ = r.text(limits.MaxNameLen)
	o.MaxFrameSize = r.uint()
	if o.HasChannelMax = r.has(); o.HasChannelMax {
		o.ChannelMax = d.Ushort()
	}
	o.IdleTimeout = r.uint()
	o.OutgoingLocales = r.symbols()
	o.IncomingLocales = r.symbols()
	o.OfferedCapabilities = r.symbols()
	o.DesiredCapabilities = r.symbols()
	o.Properties = r.mapping()
	return r.close()
}
