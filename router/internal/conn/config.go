package conn

import (
	"time"

	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// SASL says how a connection authenticates.
type SASL uint8

// The mechanisms that routers use. The zero value skips the SASL layer (AMQP 5.3: optional when neither peer asks for it).
const (
	SASLNone SASL = iota
	SASLAnonymous
	SASLExternal
)

// Mechanism is the name on the wire.
func (s SASL) Mechanism() wire.Symbol {
	switch s {
	case SASLAnonymous:
		return "ANONYMOUS"
	case SASLExternal:
		return "EXTERNAL"
	}
	return ""
}

// Config is what one side of a connection says and allows.
type Config struct {
	Client       bool          // this side dialled
	ContainerID  string        // router id
	Hostname     string        // sent by the dialler only
	MaxFrameSize uint32        // octets; 0 means 16384
	ChannelMax   uint16        // highest channel number; 0 means 32767
	IdleTimeout  time.Duration // close when nothing came for this long; half of it is advertised. 0 means never
	Handshake    time.Duration // the open of the peer must be here after this long; 0 means never
	// SASL of a dialler is the mechanism it uses; a listener offers every one in Mechanisms.
	SASL       SASL
	Mechanisms []SASL
	// SkipSASL lets a peer of a listener start with the AMQP header at once.
	SkipSASL       bool
	IncomingWindow uint32 // frames of each session; 0 means 8192
	MessageWindow  uint32 // frames of a session while none of its deliveries has a window of its own; 0 means IncomingWindow
	// Narrows lets a held window be made smaller than was said. The peer has to expect that what is on its way is more than that: some clients take the
	// difference for a very large window.
	Narrows         bool
	MaxUnsettled    int // deliveries that the peer may leave unsettled before it is sent no more; 0 means any number
	OfferedCaps     []wire.Symbol
	DesiredCaps     []wire.Symbol
	Properties      wire.Map
	Chunks          *chunk.Pool
	OutputHighWater int // octets of output above which [Conn.Congested] is true; 0 means limits.OutputHighWater
}
