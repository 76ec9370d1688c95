package frame

import (
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Source is the terminus a link takes messages from (AMQP 3.5.3).
type Source struct {
	Address           string
	HasAddress        bool        // false means a null address, whatever Address is
	Durable           uint32      // 0 none, 1 configuration, 2 unsettled state
	ExpiryPolicy      wire.Symbol // "" means absent: session-end
	Timeout           uint32      // seconds
	Dynamic           bool
	DynamicProperties wire.Map    // nil means absent
	DistributionMode  wire.Symbol // "" means absent
	Filter            wire.Map    // nil means absent
	DefaultOutcome    any         // nil means absent, else a wire.Described
	Outcomes          []wire.Symbol
	Capabilities      []wire.Symbol // one is sent without an array
}

func (s *Source) appendBody(b []byte) []byte {
	w := newWriter(b, CodeSource)
	w.stringIf(s.HasAddress, s.Address)
	w.uint(s.Durable)
	w.symbolIf(s.ExpiryPolicy)
	w.uint(s.Timeout)
	w.bool(s.Dynamic)
	w.mapping(s.DynamicProperties)
	w.symbolIf(s.DistributionMode)
	w.mapping(s.Filter)
	w.value(s.DefaultOutcome)
	w.symbols(s.Outcomes)
	w.oneOrMore(s.Capabilities)
	return w.end()
}

func decodeSource(d *wire.Decoder) *Source {
	if code := d.Descriptor(); code != CodeSource {
		d.Fail("want a source")
		return nil
	}
	r := newReader(d)
	s := new(Source)
	s.Address, s.HasAddress = r.text(limits.MaxAddressLen)
	s.Durable = r.uint()
	s.ExpiryPolicy = r.symbol()
	s.Timeout = r.uint()
	s.Dynamic = r.bool()
	s.DynamicProperties = r.mapping()
	s.DistributionMode = r.symbol()
	s.Filter = r.mapping()
	s.DefaultOutcome = r.value()
	s.Outcomes = r.symbols()
	s.Capabilities = r.symbols()
	if r.close() != nil {
		return nil
	}
	return s
}
