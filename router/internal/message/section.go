package message

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// Descriptors of sections (AMQP 3.2).
const (
	codeHeader              = 0x70
	codeDeliveryAnnotations = 0x71
	codeMessageAnnotations  = 0x72
	codeProperties          = 0x73
	codeAppProperties       = 0x74
	codeData                = 0x75
	codeSequence            = 0x76
	codeValue               = 0x77
	codeFooter              = 0x78
)

// section is one section of a message. A section of the body has no size: it may not have arrived yet.
type section struct {
	code  uint64
	value int // octets before the value
	size  int // octets of the whole section; 0 for the body and the footer
}

var (
	errNoSection = errors.New("a section does not start with a numeric descriptor")
	errTooLong   = fmt.Errorf("sections before the body take more than %d octets", limits.MaxHead)
	errNoList    = errors.New("a section is not the list it should be")
	errNoMap     = errors.New("a section is not the map it should be")
	errShort     = errors.New("message is cut short")
)

// nextSection looks at the section at the start of b. need means that b is too short to tell, or that the section
// has not arrived completely.
func nextSection(b []byte) (s section, need bool, err error) {
	if len(b) > 0 && b[0] != 0 {
		return s, false, errNoSection
	}
	if len(b) < 2 {
		return s, true, nil
	}
	switch b[1] {
	case 0x53:
		if s.value = 3; len(b) < s.value {
			return s, true, nil
		}
		s.code = uint64(b[2])
	case 0x80:
		if s.value = 10; len(b) < s.value {
			return s, true, nil
		}
		s.code = binary.BigEndian.Uint64(b[2:])
	default:
		return s, false, errNoSection
	}
	switch s.code {
	case codeHeader, codeProperties, codeDeliveryAnnotations, codeMessageAnnotations, codeAppProperties:
		size, need, err := compoundSize(b[s.value:], s.code == codeHeader || s.code == codeProperties)
		s.size = s.value + size
		return s, need, err
	case codeData, codeSequence, codeValue, codeFooter:
		return s, false, nil
	}
	return s, false, fmt.Errorf("unknown section 0x%x", s.code)
}

// compoundSize returns how many octets the list or map at the start of b takes, which is at most limits.MaxHead.
func compoundSize(b []byte, list bool) (size int, need bool, err error) {
	if len(b) == 0 {
		return 0, true, nil
	}
	code, wrong := b[0], errNoMap
	if list {
		wrong = errNoList
		if code == 0x45 {
			return 1, false, nil
		}
		code++ // 0xc0 and 0xd0 are the lists next to the maps 0xc1 and 0xd1
	}
	switch code {
	case 0xc1:
		if len(b) < 2 {
			return 0, true, nil
		}
		size = 2 + int(b[1])
	case 0xd1:
		if len(b) < 5 {
			return 0, true, nil
		}
		n := binary.BigEndian.Uint32(b[1:])
		if n > limits.MaxHead {
			return 0, false, errTooLong
		}
		size = 5 + int(n)
	default:
		return 0, false, wrong
	}
	return size, len(b) < size, nil
}
