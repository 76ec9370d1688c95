package frame

import (
	"bytes"

	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Outcomes of a SASL exchange (AMQP 5.3.3.6).
const (
	SASLOK      uint8 = 0
	SASLAuth    uint8 = 1 // the credentials are refused
	SASLSys     uint8 = 2 // system error
	SASLSysPerm uint8 = 3 // system error that will last
	SASLSysTemp uint8 = 4 // system error that may pass
)

// SASLMechanisms is what a server offers (AMQP 5.3.3.1). It is sent as an array, even for one.
type SASLMechanisms struct{ Mechanisms []wire.Symbol }

// Code is the descriptor.
func (f *SASLMechanisms) Code() uint64 { return CodeSASLMechanisms }

// AppendBody appends the performative.
func (f *SASLMechanisms) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeSASLMechanisms)
	w.put(wire.AppendSymbolArray(w.b, f.Mechanisms))
	return w.end()
}

func (f *SASLMechanisms) decode(d *wire.Decoder) error {
	r := newReader(d)
	if r.need("sasl-server-mechanisms") {
		f.Mechanisms = d.Symbols()
	}
	return r.close()
}

// SASLInit is what a client chooses (AMQP 5.3.3.2).
type SASLInit struct {
	Mechanism       wire.Symbol
	InitialResponse []byte // nil means absent; empty is sent as an empty binary
	Hostname        string // "" means absent
}

// Code is the descriptor.
func (f *SASLInit) Code() uint64 { return CodeSASLInit }

// AppendBody appends the performative.
func (f *SASLInit) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeSASLInit)
	w.put(wire.AppendSymbol(w.b, f.Mechanism))
	if f.InitialResponse != nil {
		w.put(wire.AppendBinary(w.b, f.InitialResponse))
	} else {
		w.null()
	}
	w.stringIf(f.Hostname != "", f.Hostname)
	return w.end()
}

func (f *SASLInit) decode(d *wire.Decoder) error {
	r := newReader(d)
	f.Mechanism = wire.Symbol(r.needText("mechanism"))
	f.InitialResponse = r.binary()
	f.Hostname, _ = r.text(limits.MaxNameLen)
	return r.close()
}

// SASLChallenge is a step of the server (AMQP 5.3.3.3).
type SASLChallenge struct{ Challenge []byte }

// Code is the descriptor.
func (f *SASLChallenge) Code() uint64 { return CodeSASLChallenge }

// AppendBody appends the performative.
func (f *SASLChallenge) AppendBody(b []byte) []byte {
	return appendBinaryStep(b, CodeSASLChallenge, f.Challenge)
}

func (f *SASLChallenge) decode(d *wire.Decoder) (err error) {
	f.Challenge, err = decodeBinaryStep(d, "challenge")
	return err
}

// SASLResponse is a step of the client (AMQP 5.3.3.4).
type SASLResponse struct{ Response []byte }

// Code is the descriptor.
func (f *SASLResponse) Code() uint64 { return CodeSASLResponse }

// AppendBody appends the performative.
func (f *SASLResponse) AppendBody(b []byte) []byte {
	return appendBinaryStep(b, CodeSASLResponse, f.Response)
}

func (f *SASLResponse) decode(d *wire.Decoder) (err error) {
	f.Response, err = decodeBinaryStep(d, "response")
	return err
}

// SASLOutcome ends the exchange (AMQP 5.3.3.5).
type SASLOutcome struct {
	Outcome        uint8  // one of SASLOK to SASLSysTemp
	AdditionalData []byte // nil means absent
}

// Code is the descriptor.
func (f *SASLOutcome) Code() uint64 { return CodeSASLOutcome }

// AppendBody appends the performative.
func (f *SASLOutcome) AppendBody(b []byte) []byte {
	w := newWriter(b, CodeSASLOutcome)
	w.ubyte(f.Outcome)
	if f.AdditionalData != nil {
		w.put(wire.AppendBinary(w.b, f.AdditionalData))
	} else {
		w.null()
	}
	return w.end()
}

func (f *SASLOutcome) decode(d *wire.Decoder) error {
	r := newReader(d)
	if r.need("code") {
		f.Outcome = d.Ubyte()
	}
	f.AdditionalData = r.binary()
	return r.close()
}

func appendBinaryStep(b []byte, code uint64, p []byte) []byte {
	w := newWriter(b, code)
	w.put(wire.AppendBinary(w.b, p))
	return w.end()
}

func decodeBinaryStep(d *wire.Decoder, name string) (p []byte, err error) {
	r := newReader(d)
	if r.need(name) {
		p = bytes.Clone(d.Binary())
	}
	return p, r.close()
}
