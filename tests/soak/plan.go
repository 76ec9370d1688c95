package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// kind is the shape of a flow.
type kind byte

const (
	duplex      kind = iota // both send at once
	ask                     // the server sends nothing until the client has ended its direction
	answer                  // the client sends nothing until the server has ended its direction
	slow                    // the client reads with pauses
	quiet                   // a long pause in the middle
	clientAbort             // the client resets the connection somewhere
	serverAbort             // the server does
	kinds
)

func (k kind) String() string {
	return [...]string{"duplex", "ask", "answer", "slow", "quiet", "client-abort", "server-abort"}[k]
}

func kindNames() string {
	s := make([]string, kinds)
	for k := range kinds {
		s[k] = k.String()
	}
	return strings.Join(s, ",")
}

// parseKinds reads names with commas between. No name means all kinds.
func parseKinds(names string) (some []kind, err error) {
	if names == "" {
		names = kindNames()
	}
	for name := range strings.SplitSeq(names, ",") {
		i := slices.Index(strings.Split(kindNames(), ","), name)
		if i < 0 {
			return nil, fmt.Errorf("-kinds: %q is none of %s", name, kindNames())
		}
		some = append(some, kind(i))
	}
	return some, nil
}

// plan is what both ends of a flow do. It is the first thing that the client sends.
type plan struct {
	id       uint64 // what the octets are made from
	kind     kind
	up, down int64 // octets from the client, and to it
}

const (
	planSize = 32
	planMark = 0x736f616b // "soak"
	maxOctet = 16 << 20   // of either direction
)

// choose makes up the next flow, of one of some kinds. Sizes are spread evenly over their orders of magnitude, and are often next to a power of two.
func choose(r *rand.Rand, some []kind) plan {
	p := plan{id: r.Uint64(), kind: some[r.IntN(len(some))], up: size(r), down: size(r)}
	switch p.kind {
	case slow:
		p.down = 512<<10 + p.down%(1<<20) // more than buffers on the way hold
	case clientAbort:
		p.up, p.down = 1<<10<<r.IntN(12), p.down%(1<<18) // what comes down fits into buffers on the way
	case serverAbort:
		p.down = 1 << 10 << r.IntN(12)
	}
	return p
}

func size(r *rand.Rand) int64 {
	n := int64(1) << r.IntN(24) // up to 8 MiB
	switch r.IntN(4) {
	case 0:
		return n + int64(r.IntN(3)) - 1
	case 1:
		return int64(r.IntN(2)) // nothing, or next to it
	}
	return n + r.Int64N(n)
}

func (p plan) encode() []byte {
	b := make([]byte, 0, planSize)
	b = binary.BigEndian.AppendUint32(b, planMark)
	b = binary.BigEndian.AppendUint32(b, uint32(p.kind))
	b = binary.BigEndian.AppendUint64(b, p.id)
	b = binary.BigEndian.AppendUint64(b, uint64(p.up))
	return binary.BigEndian.AppendUint64(b, uint64(p.down))
}

// decode is strict, because anything unexpected was made by a router.
func decode(b []byte) (p plan, err error) {
	if len(b) != planSize || binary.BigEndian.Uint32(b) != planMark {
		return p, errors.New("a flow does not begin as it should")
	}
	p.kind = kind(binary.BigEndian.Uint32(b[4:]))
	p.id = binary.BigEndian.Uint64(b[8:])
	p.up, p.down = int64(binary.BigEndian.Uint64(b[16:])), int64(binary.BigEndian.Uint64(b[24:]))
	if binary.BigEndian.Uint32(b[4:]) >= uint32(kinds) || uint64(p.up) > maxOctet || uint64(p.down) > maxOctet {
		return p, fmt.Errorf("a flow begins with nonsense: %x", b)
	}
	return p, nil
}
