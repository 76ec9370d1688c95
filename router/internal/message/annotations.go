package message

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Flags of Annotations.
const (
	FlagStreaming      = 1 // never wait for the whole message
	FlagResendReleased = 2 // if released, the previous router may send it elsewhere
	FlagQ2Disabled     = 4 // no back-pressure for each message
)

// annotationsStart is the descriptor: the octets of a name as an eight-octet ulong. Its short form is not recognised.
const annotationsStart = "\x00\x80SKPR--RA"

// Annotations is the section that routers put before all others.
type Annotations struct {
	Flags          uint32
	To             string // takes the place of the address in the properties, if HasTo
	HasTo          bool
	Ingress        string // "0/<router id>" of the first interior router, if HasIngress
	HasIngress     bool
	Trace          []string // "0/<router id>" of each router passed, oldest first
	IngressMesh    string   // mesh id of the edge router where the message came in, if HasIngressMesh
	HasIngressMesh bool
}

// Append appends the section.
func (a *Annotations) Append(b []byte) []byte {
	b = append(b, annotationsStart...)
	b, list := wire.BeginList32(b)
	b = wire.AppendUint(b, a.Flags)
	b = appendOptional(b, a.HasTo, a.To)
	b = appendOptional(b, a.HasIngress, a.Ingress)
	b = appendTrace(b, a.Trace)
	count := 4
	if a.HasIngressMesh { // an element that is null is an error at the receiver
		b = wire.AppendString(b, a.IngressMesh)
		count = 5
	}
	return wire.EndList32(b, list, count)
}

func appendOptional(b []byte, has bool, s string) []byte {
	if has {
		return wire.AppendString(b, s)
	}
	return wire.AppendNull(b)
}

func appendTrace(b []byte, trace []string) []byte {
	b, list := wire.BeginList32(b)
	for _, id := range trace {
		b = wire.AppendString(b, id)
	}
	if len(trace) == 0 {
		return wire.EndList(b, list, 0)
	}
	return wire.EndList32(b, list, len(trace))
}

// ParseAnnotations reads the section from the start of a message. present is false if the message begins otherwise.
// n is how many octets the section takes. need means that b, which is the start of a message, is too short to tell;
// an empty b needs more, too.
func ParseAnnotations(b []byte) (a Annotations, n int, present bool, need bool, err error) {
	if len(b) < len(annotationsStart) {
		return a, 0, false, bytes.HasPrefix([]byte(annotationsStart), b), nil
	}
	if string(b[:len(annotationsStart)]) != annotationsStart {
		return a, 0, false, false, nil
	}
	size, need, err := compoundSize(b[len(annotationsStart):], true)
	n = len(annotationsStart) + size
	switch {
	case err != nil:
		return a, 0, true, false, fmt.Errorf("router annotations: %w", err)
	case need:
		return a, 0, true, true, nil
	}
	if err := a.decode(b[len(annotationsStart):n]); err != nil {
		return Annotations{}, 0, true, false, fmt.Errorf("router annotations: %w", err)
	}
	return a, n, true, false, nil
}

var errFewAnnotations = errors.New("fewer than 4 elements")

func (a *Annotations) decode(b []byte) error {
	var d wire.Decoder
	d.Reset(b)
	count, end := d.List()
	if d.Err() == nil && count < 4 {
		return errFewAnnotations
	}
	a.Flags = d.Uint()
	if a.HasTo = !d.Null(); a.HasTo {
		a.To = text(&d, limits.MaxAddressLen)
	}
	if a.HasIngress = !d.Null(); a.HasIngress {
		a.Ingress = text(&d, limits.MaxNameLen)
	}
	a.Trace = decodeTrace(&d)
	count -= 4
	if count > 0 {
		a.HasIngressMesh = true
		a.IngressMesh = text(&d, limits.MaxNameLen)
		count--
	}
	d.Close(count, end)
	return d.Err()
}

func decodeTrace(d *wire.Decoder) []string {
	count, end := d.List()
	if count > limits.MaxTrace {
		d.Fail("trace has too many routers")
		return nil
	}
	var trace []string
	if count > 0 && d.Err() == nil {
		trace = make([]string, 0, count)
	}
	for ; count > 0 && d.Err() == nil; count-- {
		trace = append(trace, text(d, limits.MaxNameLen))
	}
	d.Close(0, end)
	return trace
}

// text reads a string or symbol of at most most octets.
func text(d *wire.Decoder, most int) string {
	p := d.Text()
	if len(p) > most {
		d.Fail("string is too long")
		return ""
	}
	return string(p)
}
