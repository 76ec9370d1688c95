package manage

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/frame"
)

// fed is a connection that yields given octets, a few at a time.
type fed struct {
	net.Conn
	rest []byte
	step int
}

func (f *fed) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, f.rest[:min(f.step, len(f.rest))])
	f.rest = f.rest[n:]
	return n, nil
}

// FuzzGuard checks that what the guard lets through is what came, in whole frames, and never fails.
func FuzzGuard(f *testing.F) {
	hello := append([]byte{}, frame.ProtoAMQP[:]...)
	hello = frame.AppendFrame(hello, frame.TypeAMQP, 0, &frame.Open{ContainerID: "x"}, nil)
	whole := &frame.Transfer{Handle: 1, HasDeliveryID: true, DeliveryTag: []byte{1}}
	part := &frame.Transfer{Handle: 1, More: true}
	f.Add(hello, 3)
	f.Add(frame.AppendFrame(hello, frame.TypeAMQP, 0, whole, []byte{0, 0x53, 0x77, 0x41}), 100)
	f.Add(frame.AppendFrame(frame.AppendFrame(nil, frame.TypeAMQP, 0, part, []byte{0, 0x53}), frame.TypeAMQP, 0, whole, []byte{0x77, 0x41}), 7)
	f.Add(frame.AppendEmpty(nil), 1)
	f.Add([]byte{0, 0, 0, 9, 2, 0, 0, 0, 0}, 9)
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		g := newGuard(&fed{rest: bytes.Clone(in), step: min(max(step, 1), 1<<16)})
		out, err := io.ReadAll(g)
		if !bytes.HasPrefix(in, out) {
			t.Fatalf("let through %x of %x", out, in)
		}
		if err == nil && len(in)-len(out) >= maxGuardFrame {
			t.Fatalf("held back %d octets", len(in)-len(out))
		}
	})
}

func TestGuardFrameSize(t *testing.T) {
	for size, ok := range map[int]bool{7: false, 8: true, maxGuardFrame: true, maxGuardFrame + 1: false} {
		b := make([]byte, max(size, 8))
		b[0], b[1], b[2], b[3], b[4] = byte(size>>24), byte(size>>16), byte(size>>8), byte(size), 2
		for i := 8; i < len(b); i++ {
			b[i] = 0x40 // null values
		}
		g := newGuard(&fed{rest: b, step: 1000})
		out, err := io.ReadAll(g)
		if ok != (err == nil) || ok && len(out) != size {
			t.Errorf("size %d: got %d octets, %v", size, len(out), err)
		}
	}
}

func TestGuardPartial(t *testing.T) {
	var in []byte
	for h := range uint32(maxPartial + 1) {
		in = frame.AppendFrame(in, frame.TypeAMQP, 0, &frame.Transfer{Handle: h, More: true}, []byte{0})
	}
	_, err := io.ReadAll(newGuard(&fed{rest: in, step: 1000}))
	if err == nil || !strings.Contains(err.Error(), "too many messages at once") {
		t.Errorf("got %v", err)
	}
	aborted := frame.AppendFrame(nil, frame.TypeAMQP, 0, &frame.Transfer{Handle: 1, More: true}, []byte{0})
	aborted = frame.AppendFrame(aborted, frame.TypeAMQP, 0, &frame.Transfer{Handle: 1, Aborted: true}, nil)
	aborted = frame.AppendFrame(aborted, frame.TypeAMQP, 0, &frame.Transfer{Handle: 1, HasDeliveryID: true, DeliveryTag: []byte{1}}, []byte{0x40})
	if out, err := io.ReadAll(newGuard(&fed{rest: aborted, step: 10})); err != nil || len(out) != len(aborted) {
		t.Errorf("got %d octets, %v; want %d", len(out), err, len(aborted))
	}
}

// TestStreamGuard: a connection for other uses has no end of octets, but what is held of messages that do not end is bounded.
func TestStreamGuard(t *testing.T) {
	fill := make([]byte, 60000)
	for i := range fill {
		fill[i] = 0x40 // null values
	}
	whole := frame.AppendFrame(nil, frame.TypeAMQP, 0, &frame.Transfer{HasDeliveryID: true, DeliveryTag: []byte{1}}, fill)
	many := bytes.Repeat(whole, MaxReply/len(whole)+2)
	if out, err := io.ReadAll(newStreamGuard(&fed{rest: many, step: 1 << 16})); err != nil || len(out) != len(many) {
		t.Errorf("whole messages: got %d of %d octets, %v", len(out), len(many), err)
	}
	if _, err := io.ReadAll(newGuard(&fed{rest: many, step: 1 << 16})); err == nil {
		t.Error("a request takes more than MaxReply octets")
	}
	var parts []byte
	for i := range MaxReply/len(fill) + 1 {
		parts = frame.AppendFrame(parts, frame.TypeAMQP, 0, &frame.Transfer{Handle: uint32(i % maxStreams), More: true}, fill)
	}
	if _, err := io.ReadAll(newStreamGuard(&fed{rest: parts, step: 1 << 16})); err == nil || !strings.Contains(err.Error(), "do not end") {
		t.Errorf("parts of messages: got %v", err)
	}
	var links []byte
	for h := range uint32(maxStreams + 1) {
		links = frame.AppendFrame(links, frame.TypeAMQP, 0, &frame.Transfer{Handle: h, More: true}, []byte{0})
	}
	if _, err := io.ReadAll(newStreamGuard(&fed{rest: links, step: 1 << 16})); err == nil || !strings.Contains(err.Error(), "too many messages at once") {
		t.Errorf("links: got %v", err)
	}
}

// TestGuardMapKeys: AMQP lets any value be the key of a map, and the library panics at some of them.
func TestGuardMapKeys(t *testing.T) {
	for name, c := range map[string]struct {
		value string
		ok    bool
	}{
		"text":             {"\xc1\x05\x02\xa1\x01k\x40", true},
		"number":           {"\xc1\x04\x02\x52\x01\x40", true},
		"binary":           {"\xc1\x05\x02\xa0\x01k\x40", false},
		"list":             {"\xc1\x03\x02\x45\x40", false},
		"described list":   {"\xc1\x05\x02\x00\x40\x45\x40", false},
		"map in a list":    {"\xc0\x09\x01\xc1\x06\x02\x00\x40\xc1\x01\x00\x40", false},
		"map in an array":  {"\xe0\x08\x01\xc1\x05\x02\x00\x40\x45\x40", false},
		"described value":  {"\xc1\x06\x02\x52\x01\x00\x40\x45", true},
		"list in a value":  {"\xc1\x04\x02\x52\x01\x45", true},
		"map under a text": {"\xc1\x0a\x02\xa1\x01k\xc1\x05\x02\x00\x40\x45\x40", false},
	} {
		b := frame.AppendFrame(nil, frame.TypeAMQP, 0, &frame.Transfer{HasDeliveryID: true, DeliveryTag: []byte{1}}, []byte("\x00\x53\x77"+c.value))
		if _, err := io.ReadAll(newGuard(&fed{rest: b, step: 1000})); c.ok != (err == nil) || err != nil && !strings.Contains(err.Error(), "key of a map") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
