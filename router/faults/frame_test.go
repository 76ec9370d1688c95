//go:build linux

package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/limits"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestSmallFrames has a client that takes frames of no more than 512 octets ask for links whose answers are larger: those links are refused, and logged with
// who and why. No frame is larger, and the client is served all the same.
func TestSmallFrames(t *testing.T) {
	b := besiege(t)
	address := strings.Repeat("a", 600)
	c, done, err := routertest.Dial(t.Context(), b.plain)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, err = c.Write(bytes.Join([][]byte{
		amqpHeader, amqp(0, &frame.Open{ContainerID: "narrow", MaxFrameSize: limits.MinFrameSize}, nil),
		amqp(0, &frame.Begin{IncomingWindow: 1000, OutgoingWindow: 1000, HandleMax: math.MaxUint32}, nil),
		sender(0, address), receiver(1, address, 10), // refused
		sender(2, "here"), receiver(3, "here", 10), // not
	}, nil))
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	largest := 0
	hear := func(want string) {
		t.Helper()
		for {
			head := make([]byte, frame.HeaderSize)
			if _, err := io.ReadFull(c, head); err != nil {
				t.Fatalf("no %s comes, but %v; so far %q", want, err, said)
			}
			if bytes.Equal(head, amqpHeader) {
				continue
			}
			h, err := frame.ParseHeader(head)
			if err != nil {
				t.Fatal(err)
			}
			all := append(head, make([]byte, int(h.Size)-len(head))...)
			if _, err := io.ReadFull(c, all[len(head):]); err != nil {
				t.Fatal(err)
			}
			largest = max(largest, len(all))
			p, _, err := frame.Decode(h.Type, all[h.BodyOffset():])
			if err != nil {
				t.Fatal(err)
			}
			if p == nil {
				continue
			}
			said = append(said, frame.Text(p))
			if strings.HasPrefix(said[len(said)-1], want) {
				return
			}
		}
	}
	hear("@detach")
	hear("@detach")
	for _, s := range said {
		if strings.HasPrefix(s, "@detach") && !strings.Contains(s, "amqp:frame-size-too-small") {
			t.Errorf("a link was refused: %s", s)
		}
	}
	// The link in the other direction gets the message, in frames as small.
	if !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, "@flow") && strings.Contains(s, "handle=0x2") }) {
		hear("@flow")
	}
	body := bytes.Repeat([]byte("0123456789"), 200)
	payload := append([]byte{0, 0x53, 0x75, 0xb0, 0, 0, byte(len(body) >> 8), byte(len(body) & 0xff)}, body...)
	if _, err := c.Write(transfer(2, 0, false, payload)); err != nil {
		t.Fatal(err)
	}
	hear("@transfer")
	for strings.Contains(said[len(said)-1], "more=true") {
		hear("@transfer")
	}
	if largest > limits.MinFrameSize {
		t.Errorf("a frame of %d octets was sent, at most %d are taken", largest, limits.MinFrameSize)
	}
	routertest.Eventually(t, patience, func(context.Context) error {
		for _, want := range []string{"link not attached", `"container":"narrow"`, "larger than the peer's max-frame-size, 512"} {
			if !strings.Contains(b.a.Log(), want) {
				return fmt.Errorf("the log does not have %q", want)
			}
		}
		return nil
	})
	b.over()
}

// TestFlowsInSmallFrames has the routers of a line, and an edge router, talk in frames of 512 octets, which either end may ask for.
func TestFlowsInSmallFrames(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	p := routertest.Self(m.Dir())
	a, b, e := m.Add("A", p), m.Add("B", p), m.AddEdge("E", p)
	m.Link("A", "B").MaxFrameSize = limits.MinFrameSize
	m.Link("E", "B")
	for i := range b.Config.Listeners {
		if b.Config.Listeners[i].Role == "edge" {
			b.Config.Listeners[i].MaxFrameSize = limits.MinFrameSize
		}
	}
	m.Start()
	for _, way := range []struct{ from, to *routertest.Node }{{a, b}, {b, a}, {e, a}, {a, e}} {
		r := newTraffic(t)
		r.start(r.join(way.from, way.to, way.from.ID+way.to.ID), 3, 1_000_000, 1_500_000)
		r.flows(6)
		r.report("%s to %s", way.from.ID, way.to.ID)
		r.unharmed()
	}
}
