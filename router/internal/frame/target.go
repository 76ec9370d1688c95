package frame

import (
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Target is the terminus a link brings messages to (AMQP 3.5.4), or a transaction coordinator (AMQP 4.5.1).
type Target struct {
	Address           string
	HasAddress        bool        // false means a null address, whatever Address is
	Durable           uint32      // 0 none, 1 configuration, 2 unsettled state
	ExpiryPolicy      wire.Symbol // "" means absent: session-end
	Timeout           uint32      // seconds
	Dynamic           bool
	DynamicProperties wire.Map      // nil means absent
	Capabilities      []wire.Symbol // one is sent without an array
	Coordinator       bool          // only Capabilities has a meaning then
}

func (t *Target) appendBody(b []byte) []byte {
	if t.Coordinator {
		w := newWriter(b, CodeCoordinator)
		w.oneOrMore(t.Capabilities)
		return w.end()
	}
	w := newWriter(b, CodeTarget)
	w.stringIf(t.HasAddress, t.Address)
	w.uint(t.Durable)
	w.symbolIf(t.ExpiryPolicy)
	w.uint(t.Timeout)
	w.bool(t.Dynamic)
	w.mapping(t.DynamicProperties)
	w.oneOrMore(t.Capabilities)
	return w.end()
}

func decodeTarget(d *wire.Decoder) *Target {
	code := d.Descriptor()
	if code != CodeTarget && code != CodeCoordinator {
		d.Fail("want a target")
		return nil
	}
	r := newReader(d)
	t := &Target{Coordinator: code == CodeCoordinator}
	if !t.Coordinator {
		t.Address, t.HasAddress = r.text(limits.MaxAddressLen)
		t.Durable = r.uint()
		t.ExpiryPolicy = r.symbol()
		t.Timeout = r.uint()
		t.Dynamic = r.bool()
		t.DynamicProperties = r.mapping()
	}
	t.Capabilities = r.symbols()
	if r.close() != nil {
		return nil
	}
	return t
}
