package frame

import (
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Role is the end of a link that speaks (AMQP 2.8.1).
type Role bool

// The roles.
const (
	RoleSender   Role = false
	RoleReceiver Role = true
)

func (r Role) String() string {
	if r == RoleReceiver {
		return "receiver"
	}
	return "sender"
}

// Settlement modes (AMQP 2.8.2, 2.8.3).
const (
	SndUnsettled uint8 = 0
	SndSettled   uint8 = 1
	SndMixed     uint8 = 2
	RcvFirst     uint8 = 0
	RcvSecond    uint8 = 1
)

// Attach starts a link (AMQP 2.7.3).
type Attach struct {
	Name                 string
	Handle               uint32
	Role                 Role
	SndSettleMode        uint8   // decodes to SndMixed if absent; is always sent
	RcvSettleMode        uint8   // decodes to RcvFirst if absent; is always sent
	Source               *Source // nil means absent: there is none
	Target               *Target // nil means absent: there is none
	Unsettled            any     // nil means absent, else a map of delivery states by tag
	IncompleteUnsettled  bool
	InitialDeliveryCount *uint32 // a sender has to set it
	MaxMessageSize       uint64  // octets; 0 means no limit and is always sent
	OfferedCapabilities  []wire.Symbol
	DesiredCapabilities  []wire.Symbol
	Properties           wire.Map // nil means absent
}

// Code is the descriptor.
func (a *Attach) Code() uint64 { return CodeAttach }

// AppendBody appends the performative.
func (a *Attach) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeAttach)
	w.string(a.Name)
	w.uint(a.Handle)
	w.bool(bool(a.Role))
	w.ubyte(a.SndSettleMode)
	w.ubyte(a.RcvSettleMode)
	if a.Source != nil {
		w.put(a.Source.appendBody(w.b))
	} else {
		w.null()
	}
	if a.Target != nil {
		w.put(a.Target.appendBody(w.b))
	} else {
		w.null()
	}
	w.value(a.Unsettled)
	w.flag(a.IncompleteUnsettled)
	w.uintPtr(a.InitialDeliveryCount)
	w.ulong(a.MaxMessageSize)
	w.symbols(a.OfferedCapabilities)
	w.symbols(a.DesiredCapabilities)
	w.mapping(a.Properties)
	return w.end()
}

func (a *Attach) decode(d *wire.Decoder) error {
	r := newReader(d)
	a.Name = r.needText("name")
	a.Handle = r.needUint("handle")
	if r.need("role") {
		a.Role = Role(d.Bool())
	}
	if a.SndSettleMode = r.ubyteOr(SndMixed); a.SndSettleMode > SndMixed {
		d.Fail("snd-settle-mode is more than 2")
	}
	if a.RcvSettleMode = r.ubyteOr(RcvFirst); a.RcvSettleMode > RcvSecond {
		d.Fail("rcv-settle-mode is more than 1")
	}
	if r.has() {
		a.Source = decodeSource(d)
	}
	if r.has() {
		a.Target = decodeTarget(d)
	}
	a.Unsettled = r.value()
	a.IncompleteUnsettled = r.bool()
	a.InitialDeliveryCount = r.uintPtr()
	a.MaxMessageSize = r.ulong()
	a.OfferedCapabilities = r.symbols()
	a.DesiredCapabilities = r.symbols()
	a.Properties = r.mapping()
	return r.close()
}
