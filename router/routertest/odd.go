package routertest

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// text is a message whose body is a text of its own, and n octets.
func text(s string, n int) []byte {
	s = "<" + s + strings.Repeat(".", n) + ">"
	b := binary.BigEndian.AppendUint32([]byte{0, 0x53, 0x77, 0xb1}, uint32(len(s)))
	return append(b, s...)
}

func opening() *frame.Open {
	return &frame.Open{ContainerID: "odd", MaxFrameSize: 16384, ChannelMax: 32767, HasChannelMax: true}
}

func beginning() *frame.Begin {
	return &frame.Begin{IncomingWindow: 1000, OutgoingWindow: 1000, HandleMax: 100}
}

// sends is a link on which the client sends.
func sends(handle uint32, name, address string) *frame.Attach {
	zero := uint32(0)
	return &frame.Attach{Name: name, Handle: handle, Role: frame.RoleSender, Source: &frame.Source{}, Target: &frame.Target{Address: address, HasAddress: true}, InitialDeliveryCount: &zero}
}

// takes is a link on which the client receives.
func takes(handle uint32, name, address string) *frame.Attach {
	return &frame.Attach{Name: name, Handle: handle, Role: frame.RoleReceiver, Source: &frame.Source{Address: address, HasAddress: true}, Target: &frame.Target{}}
}

// credit lets the router send n more on a link on which nothing was received yet.
func credit(handle, n uint32) *frame.Flow {
	zero := uint32(0)
	return &frame.Flow{NextIncomingID: &zero, IncomingWindow: 1000, OutgoingWindow: 1000, Handle: &handle, DeliveryCount: &zero, LinkCredit: &n}
}

// delivery is the first, or only, transfer of one.
func delivery(handle, id uint32) *frame.Transfer {
	return &frame.Transfer{Handle: handle, DeliveryID: id, HasDeliveryID: true, DeliveryTag: binary.BigEndian.AppendUint32(nil, id), HasMessageFormat: true}
}

// transfer sends a part of a message.
func (c *raw) transfer(t *frame.Transfer, payload []byte) {
	c.write(frame.AppendFrame(nil, frame.TypeAMQP, 0, t, payload))
}

// opens makes a connection and a session.
func (c *raw) opens() {
	c.write(frame.ProtoAMQP[:])
	c.say(0, opening(), beginning())
	c.step()
}

// pair makes links 0, on which the client sends to address, and 1, on which it gets that back.
func (c *raw) pair(address string) {
	c.opens()
	c.say(0, takes(1, "in", address))
	c.step()
	c.say(0, credit(1, 100))
	c.step()
	c.say(0, sends(0, "out", address))
	c.step()
}

// accepts settles deliveries that the client got.
func (c *raw) accepts(first, last uint32) {
	c.say(0, &frame.Disposition{Role: frame.RoleReceiver, First: first, Last: &last, Settled: true, State: &frame.Accepted{}})
	c.step()
}

// custom is a performative of which the client writes every octet.
type custom struct{ b []byte }

func (c custom) Code() uint64               { return 0 }
func (c custom) AppendBody(b []byte) []byte { return append(b, c.b...) }

// OddConversations are legal, but unlike what clients usually say. What is said is the same each time; addresses are not shared among them.
func OddConversations() []Conversation {
	return slices.Concat(oddFrames(), oddLinks(), oddDeliveries())
}

func oddFrames() []Conversation {
	all := func() []byte {
		b := slices.Clone(frame.ProtoAMQP[:])
		for _, p := range []frame.Performative{opening(), beginning(), sends(0, "out", "odd/all"), takes(1, "in", "odd/all")} {
			b = frame.AppendFrame(b, frame.TypeAMQP, 0, p, nil)
		}
		return b
	}
	return []Conversation{
		{Name: "one octet at a time", say: func(c *raw) {
			for _, b := range all() {
				c.write([]byte{b})
			}
			c.step()
		}},
		{Name: "all in one segment", say: func(c *raw) { c.write(all()); c.step() }},
		{Name: "empty frames between all", say: func(c *raw) {
			c.write(frame.ProtoAMQP[:])
			for _, p := range []frame.Performative{opening(), beginning(), sends(0, "out", "odd/empty")} {
				c.write(frame.AppendEmpty(frame.AppendEmpty(frame.AppendFrame(nil, frame.TypeAMQP, 0, p, nil))))
			}
			c.step()
		}},
		{Name: "extended headers", say: func(c *raw) {
			c.write(frame.ProtoAMQP[:])
			for _, p := range []frame.Performative{opening(), beginning()} {
				b := frame.AppendFrame(nil, frame.TypeAMQP, 0, p, nil)
				b = slices.Insert(b, frame.HeaderSize, make([]byte, 12)...)
				binary.BigEndian.PutUint32(b, uint32(len(b)))
				b[4] = 5
				c.write(b)
			}
			c.step()
		}},
		{Name: "the highest channel", say: func(c *raw) { c.opens(); c.say(32767, beginning()); c.step(); c.say(32767, &frame.End{}); c.step() }},
		{Name: "SASL without a name", say: func(c *raw) {
			c.write(frame.ProtoSASL[:])
			c.step()
			c.write(frame.AppendFrame(nil, frame.TypeSASL, 0, &frame.SASLInit{Mechanism: "ANONYMOUS"}, nil))
			c.step()
			c.write(frame.ProtoAMQP[:])
			c.say(0, opening(), beginning())
		}},
		{Name: "lists in their longest form, with fields of later versions", say: func(c *raw) {
			c.write(frame.ProtoAMQP[:])
			b, mark := wire.BeginList32(wire.AppendDescriptor(nil, frame.CodeOpen))
			b = append(b, 0xb1, 0, 0, 0, 3, 'o', 'd', 'd') // str32
			b = wire.AppendNull(b)
			b = append(b, 0x70, 0, 0, 0x40, 0) // uint in five octets
			b = append(b, 0x60, 0x7f, 0xff)    // ushort
			b = append(b, 0x43)                // uint0
			b = wire.AppendNull(wire.AppendNull(b))
			b = append(b, 0xb3, 0, 0, 0, 1, 'x') // one symbol where an array may be, sym32
			b = wire.AppendNull(b)
			b = append(b, 0xc1, 1, 0) // map8, empty
			b = wire.AppendString(wire.AppendUint(b, 7), "more")
			c.say(0, custom{wire.EndList32(b, mark, 12)})
			b, mark = wire.BeginList32(append([]byte{0, 0x80, 0, 0, 0, 0, 0, 0, 0, frame.CodeBegin}, []byte{}...)) // the descriptor in nine octets
			b = wire.AppendNull(b)
			b = append(b, 0x52, 0, 0x70, 0, 0, 1, 0, 0x70, 0, 0, 1, 0)
			c.say(0, custom{wire.EndList32(b, mark, 4)})
			c.step()
		}},
		{Name: "descriptors that are symbols", say: func(c *raw) {
			c.write(frame.ProtoAMQP[:])
			b, mark := wire.BeginList(wire.AppendSymbol([]byte{0}, "amqp:open:list"))
			c.say(0, custom{wire.EndList(wire.AppendString(b, "odd"), mark, 1)})
			c.step()
		}},
		{Name: "properties of every type", say: func(c *raw) {
			c.write(frame.ProtoAMQP[:])
			o := opening()
			o.Properties = wire.Map{
				{Key: wire.Symbol("list"), Value: []any{int32(1), "a", []any{true, nil}}}, {Key: wire.Symbol("map"), Value: wire.Map{{Key: "k", Value: uint64(1) << 60}}},
				{Key: wire.Symbol("symbols"), Value: []wire.Symbol{"a", "b"}}, {Key: wire.Symbol("octets"), Value: []byte{0, 1, 2}},
				{Key: wire.Symbol("char"), Value: wire.Char('x')}, {Key: wire.Symbol("double"), Value: 1.5}, {Key: wire.Symbol("d"), Value: wire.Decimal128{1}},
			}
			c.say(0, o, beginning())
			c.step()
		}},
		{Name: "a second's idle time-out", say: func(c *raw) {
			c.write(frame.ProtoAMQP[:])
			o := opening()
			o.IdleTimeout = 1000
			c.say(0, o, beginning())
			c.step()
			for range 6 {
				time.Sleep(500 * time.Millisecond)
				c.write(frame.AppendEmpty(nil))
				c.step()
			}
			if c.beats > 1 {
				c.note("alive")
			}
		}},
		{Name: "close with everything open", say: func(c *raw) { c.pair("odd/close"); c.say(0, &frame.Close{}); c.step() }},
		{Name: "frames of 512 octets", say: func(c *raw) {
			c.write(frame.ProtoAMQP[:])
			o := opening()
			o.MaxFrameSize = 512
			c.say(0, o, beginning(), takes(1, "in", "odd/512"))
			c.step()
			c.say(0, credit(1, 10))
			c.step()
			c.say(0, sends(0, "out", "odd/512"))
			c.step()
			c.long(0, text("long", 5000), 400)
			c.step()
			c.accepts(0, 0)
		}},
	}
}

// long sends a delivery on link 0 in parts of n octets.
func (c *raw) long(id uint32, message []byte, n int) {
	for part := range slices.Chunk(message, n) {
		message = message[len(part):]
		t := delivery(0, id)
		t.More = len(message) > 0
		c.transfer(t, part)
	}
}

func oddLinks() []Conversation {
	return []Conversation{
		{Name: "a handle used again", say: func(c *raw) {
			c.opens()
			for _, name := range []string{"a", "b"} {
				c.say(0, sends(5, name, "odd/again"))
				c.step()
				c.say(0, &frame.Detach{Handle: 5, Closed: true})
				c.step()
			}
		}},
		{Name: "a link that comes back", say: func(c *raw) {
			c.opens()
			for range 2 {
				c.say(0, takes(5, "same", "odd/back"))
				c.step()
				c.say(0, &frame.Detach{Handle: 5})
				c.step()
			}
		}},
		{Name: "links of both directions with one name", say: func(c *raw) {
			c.opens()
			c.say(0, takes(0, "same", "odd/name"))
			c.step()
			c.say(0, sends(1, "same", "odd/name"))
			c.step()
		}},
		{Name: "no target", say: func(c *raw) {
			c.opens()
			l := sends(0, "none", "")
			l.Target = nil
			c.say(0, l)
			c.step()
		}},
		{Name: "a target without an address", say: func(c *raw) {
			c.opens()
			c.say(0, takes(1, "in", "odd/anonymous"))
			c.step()
			c.say(0, credit(1, 10))
			c.step()
			l := sends(0, "anonymous", "")
			l.Target.HasAddress = false
			c.say(0, l)
			c.step()
			// properties with only a "to"
			b := append([]byte{0, 0x53, 0x73, 0xc0, 18, 3, 0x40, 0x40}, wire.AppendString(nil, "odd/anonymous")...)
			c.transfer(delivery(0, 0), append(b, text("hello", 0)...))
			c.step()
			c.accepts(0, 0)
		}},
		{Name: "an address that the router chooses", say: func(c *raw) {
			c.opens()
			l := takes(0, "dynamic", "")
			l.Source = &frame.Source{Dynamic: true}
			c.say(0, l)
			c.step()
		}},
		{Name: "links that do not settle as usual", say: func(c *raw) {
			c.opens()
			for i, modes := range [][2]uint8{{frame.SndSettled, frame.RcvFirst}, {frame.SndUnsettled, frame.RcvSecond}, {frame.SndMixed, frame.RcvSecond}} {
				l := sends(uint32(i), string(rune('a'+i)), "odd/modes")
				l.SndSettleMode, l.RcvSettleMode = modes[0], modes[1]
				c.say(0, l)
				c.step()
			}
		}},
		{Name: "a session that ends and begins again", say: func(c *raw) {
			c.pair("odd/session")
			c.say(0, &frame.End{})
			c.step()
			c.say(0, beginning())
			c.step()
			c.say(0, sends(0, "out", "odd/session"))
			c.step()
		}},
		{Name: "flow with echo, of the session and of a link", say: func(c *raw) {
			c.pair("odd/echo")
			zero := uint32(0)
			c.say(0, &frame.Flow{NextIncomingID: &zero, IncomingWindow: 1000, OutgoingWindow: 1000, Echo: true})
			f := credit(1, 10)
			f.Echo = true
			c.say(0, f)
			c.step()
		}},
		{Name: "drain where there is nothing", say: func(c *raw) {
			c.pair("odd/drain")
			f := credit(1, 10)
			f.Drain = true
			c.say(0, f)
			c.step()
		}},
	}
}

func oddDeliveries() []Conversation {
	return []Conversation{
		{Name: "deliveries of two links in turns", say: func(c *raw) {
			c.pair("odd/turns")
			c.say(0, sends(2, "other", "odd/turns"))
			c.step()
			a, b := text("first", 100), text("second", 100)
			for i := range 4 {
				one, two := delivery(0, 0), delivery(2, 1)
				one.More, two.More = i < 3, i < 3
				at := func(m []byte) []byte { return m[len(m)*i/4 : len(m)*(i+1)/4] }
				c.transfer(one, at(a))
				c.transfer(two, at(b))
			}
			c.step()
			c.accepts(0, 1)
		}},
		{Name: "a delivery that ends with an empty transfer", say: func(c *raw) {
			c.pair("odd/end")
			t := delivery(0, 0)
			t.More = true
			c.transfer(t, text("empty", 0))
			c.step()
			c.transfer(delivery(0, 0), nil)
			c.step()
			c.accepts(0, 0)
		}},
		{Name: "parts that do not repeat id and tag", say: func(c *raw) {
			c.pair("odd/parts")
			m := text("parts", 50)
			t := delivery(0, 0)
			t.More = true
			c.transfer(t, m[:20])
			c.transfer(&frame.Transfer{Handle: 0, More: true}, m[20:40])
			c.transfer(&frame.Transfer{Handle: 0}, m[40:])
			c.step()
			c.accepts(0, 0)
		}},
		{Name: "a delivery that is taken back", say: func(c *raw) {
			c.pair("odd/abort")
			t := delivery(0, 0)
			t.More = true
			c.transfer(t, text("gone", 100)[:50])
			c.transfer(&frame.Transfer{Handle: 0, Aborted: true}, nil)
			c.step()
			c.transfer(delivery(0, 1), text("stays", 0))
			c.step()
		}},
		{Name: "settled at the end only", say: func(c *raw) {
			c.pair("odd/late")
			m := text("late", 50)
			t := delivery(0, 0)
			t.More = true
			c.transfer(t, m[:20])
			c.transfer(&frame.Transfer{Handle: 0, Settled: true, HasSettled: true}, m[20:])
			c.step()
		}},
		{Name: "ids that wrap", say: func(c *raw) {
			c.write(frame.ProtoAMQP[:])
			b := beginning()
			b.NextOutgoingID = 0xfffffffe
			c.say(0, opening(), b)
			c.step()
			c.say(0, takes(1, "in", "odd/wrap"))
			c.step()
			c.say(0, credit(1, 10))
			c.step()
			c.say(0, sends(0, "out", "odd/wrap"))
			c.step()
			for i := range uint32(4) {
				c.transfer(delivery(0, 0xfffffffe+i), text("wrap", int(i)))
				c.step()
			}
			c.accepts(0, 3)
		}},
		{Name: "outcomes of each kind", say: func(c *raw) {
			c.pair("odd/outcomes")
			for i, s := range []frame.DeliveryState{
				&frame.Accepted{}, &frame.Released{}, &frame.Modified{DeliveryFailed: true}, &frame.Rejected{Error: &frame.Error{Condition: "x:y", Description: "no"}}, nil,
			} {
				c.transfer(delivery(0, uint32(i)), text("outcome", 0))
				c.step()
				c.say(0, &frame.Disposition{Role: frame.RoleReceiver, First: uint32(i), Settled: true, State: s})
				c.step()
			}
		}},
		{Name: "dispositions of many and of none", say: func(c *raw) {
			c.pair("odd/many")
			for i := range uint32(5) {
				c.transfer(delivery(0, i), text("many", 0))
			}
			c.step()
			c.accepts(1, 3)
			c.accepts(1000, 1010)
			c.accepts(0, 10)
		}},
		{Name: "drain where there is something", say: func(c *raw) {
			c.pair("odd/drains")
			c.transfer(delivery(0, 0), text("one", 0))
			c.step()
			one, ten := uint32(1), uint32(10)
			f := credit(1, 10)
			f.NextIncomingID, f.DeliveryCount, f.LinkCredit, f.Drain = &one, &one, &ten, true
			c.say(0, f)
			c.step()
			c.accepts(0, 0)
		}},
		{Name: "the end in the middle of a delivery", say: func(c *raw) {
			c.pair("odd/middle")
			t := delivery(0, 0)
			t.More = true
			c.transfer(t, text("half", 50000)[:10000])
			c.step()
			c.say(0, &frame.Detach{Handle: 0, Closed: true})
			c.step()
		}},
		{Name: "nothing to take it", say: func(c *raw) {
			c.opens()
			c.say(0, sends(0, "out", "odd/nobody"))
			c.step()
		}},
		{Name: "a message of many sections", say: func(c *raw) {
			c.pair("odd/sections")
			b := []byte{0, 0x53, 0x70, 0xc0, 2, 1, 0x41}                                                // header: durable
			b = append(b, 0, 0x53, 0x72, 0xc1, 9, 2, 0xa3, 5, 'x', '-', 'o', 'd', 'd', 0x41)            // message annotations
			b = append(b, 0, 0x53, 0x74, 0xc1, 6, 2, 0xa1, 1, 'k', 0x54, 1)                             // application properties
			b = append(b, 0, 0x53, 0x75, 0xa0, 3, '<', 'd', 'a', 0, 0x53, 0x75, 0xa0, 3, 't', 'a', '>') // two data sections
			b = append(b, bytes.Repeat([]byte{0, 0x53, 0x78, 0xc1, 1, 0}, 1)...)                        // footer
			c.transfer(delivery(0, 0), b)
			c.step()
			c.accepts(0, 0)
		}},
	}
}
