package router

import (
	"cmp"
	"crypto/tls"
	"time"

	"github.com/skupper-plugins/suite/router/internal/conn"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/transport"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// connParams is what listeners and connectors have in common.
type connParams struct {
	role     core.Role
	maxFrame int
	window   int // session frames; 0 means the default of the role
	idle     int // seconds; 0 means the default of the role
	cost     int
	sessions int            // 0 means the most that there can be
	patience int            // seconds until the peer has opened; 0 means the default
	more     map[string]any // properties for the peer
}

// connConfig makes the configuration of one connection.
func (r *Router) connConfig(p connParams, id uint64, extra wire.Map) conn.Config {
	caps := []wire.Symbol{"ANONYMOUS-RELAY", "qd.streaming-links", "qd.connection_trunking"}
	props := wire.Map{
		{Key: wire.Symbol("product"), Value: "skupper-router"},
		{Key: wire.Symbol("version"), Value: r.opts.Version},
		{Key: wire.Symbol("qd.conn-id"), Value: int32(id)},
	}
	if p.role != core.Normal {
		if p.cost > 1 {
			props = append(props, wire.Pair{Key: wire.Symbol("qd.inter-router-cost"), Value: int32(p.cost)})
		}
	}
	props = append(props, extra...)
	for _, k := range sortedNames(p.more) {
		props = append(props, wire.Pair{Key: wire.Symbol(k), Value: p.more[k]})
	}
	if p.role != core.Normal {
		props = append(props, wire.Pair{Key: wire.Symbol("qd.annotations-version"), Value: int32(2)})
	}
	window := uint32(limits.RouterIncomingWindow)
	if p.role == core.Normal {
		window = limits.EndpointIncomingWindow
	}
	if p.window > 0 {
		window = uint32(p.window)
	}
	messages := window // of routers whole from the start: all of their flows share it
	if p.role == core.Normal {
		messages = limits.MessageWindow
	}
	if b := r.chunks.Budget(); b > 0 { // all that a window lets come may have to wait here
		least := max(uint32(b/limits.WindowShare)/uint32(cmp.Or(p.maxFrame, limits.MaxFrameSize)), limits.LeastWindow)
		window, messages = min(window, least), min(messages, max(least/2, limits.LeastWindow))
	}
	unsettled := 0 // what routers have not settled waits for others
	if p.role == core.Normal {
		unsettled = limits.MaxUnsettled
	}
	idle := limits.IdleTimeout
	if p.role != core.Normal {
		idle = limits.RouterIdleTimeout
	}
	if p.idle > 0 {
		idle = time.Duration(p.idle) * time.Second
	}
	handshake := limits.HandshakeTimeout
	if p.patience > 0 {
		handshake = time.Duration(p.patience) * time.Second
	}
	return conn.Config{
		ContainerID: r.cfg.Router.ID, MaxFrameSize: uint32(p.maxFrame), ChannelMax: uint16(max(p.sessions-1, 0)), IdleTimeout: idle, Handshake: handshake,
		IncomingWindow: window, MessageWindow: messages, MaxUnsettled: unsettled, Narrows: p.role != core.Normal, OfferedCaps: caps, DesiredCaps: caps, Properties: props, Chunks: r.chunks,
	}
}

// describe adds what TLS tells to the options of a connection.
func describe(o *core.ConnOptions, s *transport.Socket) {
	o.Host, o.LocalAddr = s.RemoteAddr().String(), s.LocalAddr().String()
	if st := s.TLS(); st != nil {
		o.TLSVersion, o.TLSCipher = tls.VersionName(st.Version), tls.CipherSuiteName(st.CipherSuite)
		if len(st.PeerCertificates) > 0 {
			o.User = st.PeerCertificates[0].Subject.String()
		}
	}
}

func roleOf(name string) core.Role {
	switch name {
	case "inter-router":
		return core.InterRouter
	case "edge":
		return core.Edge
	}
	return core.Normal
}
