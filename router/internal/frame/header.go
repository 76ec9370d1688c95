package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// HeaderSize is the size of a frame header without extension, in octets.
const HeaderSize = 8

// Types of frames (AMQP 2.3.1).
const (
	TypeAMQP = 0
	TypeSASL = 1
)

// Protocol headers, the first octets either side sends (AMQP 2.2, 5.3.1).
var (
	ProtoAMQP = [8]byte{'A', 'M', 'Q', 'P', 0, 1, 0, 0}
	ProtoSASL = [8]byte{'A', 'M', 'Q', 'P', 3, 1, 0, 0}
)

// Header is the start of a frame.
type Header struct {
	Size    uint32 // octets of the whole frame, header included
	DOFF    uint8  // offset of the body from the start of the frame, in words of four octets
	Type    uint8
	Channel uint16 // of no meaning in SASL frames
}

// BodyOffset is where the body starts, in octets from the start of the frame.
func (h Header) BodyOffset() int { return 4 * int(h.DOFF) }

var (
	errShortHeader = errors.New("frame header: fewer than 8 octets")
	errSmallFrame  = errors.New("frame header: size is less than 8 octets")
	errSmallOffset = errors.New("frame header: data offset is less than 2 words")
	errLargeOffset = errors.New("frame header: data offset is beyond the end of the frame")
)

// ParseHeader reads the first eight octets of a frame. The caller has to hold Size against its own max-frame-size
// (see CheckSize), and to skip the extended header: the body starts at BodyOffset.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, errShortHeader
	}
	h := Header{Size: binary.BigEndian.Uint32(b), DOFF: b[4], Type: b[5], Channel: binary.BigEndian.Uint16(b[6:])}
	switch {
	case h.Size < HeaderSize:
		return h, errSmallFrame
	case h.DOFF < 2:
		return h, errSmallOffset
	case uint32(h.DOFF)*4 > h.Size:
		return h, errLargeOffset
	}
	return h, nil
}

// CheckSize fails if the frame is larger than most octets.
func (h Header) CheckSize(most uint32) error {
	if h.Size > most {
		return fmt.Errorf("frame header: size is %d octets, more than the %d agreed on", h.Size, most)
	}
	return nil
}

// appendHeader starts a frame whose size is set by endFrame.
func appendHeader(b []byte, typ uint8, channel uint16) []byte {
	return append(b, 0, 0, 0, 0, 2, typ, byte(channel>>8), byte(channel))
}

// endFrame sets the size of the frame that starts at start and of which n octets are still to come.
func endFrame(b []byte, start, n int) []byte {
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start+n))
	return b
}

// AppendFrame appends a frame: header, performative and payload. p may be nil for an empty frame.
func AppendFrame(b []byte, typ uint8, channel uint16, p Performative, payload []byte) []byte {
	start := len(b)
	b = appendHeader(b, typ, channel)
	if p != nil {
		b = p.AppendBody(b)
	}
	return endFrame(append(b, payload...), start, 0)
}

// AppendEmpty appends a frame without body, which only shows that the sender is alive (AMQP 2.4.5).
func AppendEmpty(b []byte) []byte { return AppendFrame(b, TypeAMQP, 0, nil, nil) }
