package routertest

import (
	"encoding/binary"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// WrongConversations break a rule of AMQP: the router has to close what is concerned, and no more.
func WrongConversations() []Conversation {
	header := func(size uint32, doff, typ byte) []byte {
		return append(binary.BigEndian.AppendUint32(nil, size), doff, typ, 0, 0)
	}
	return []Conversation{
		{Name: "another protocol", say: func(c *raw) { c.write([]byte("HELO client\r\n")) }, End: "gone, protocol 3 [1 0 0]"},
		{Name: "another version", say: func(c *raw) { c.write([]byte{'A', 'M', 'Q', 'P', 0, 2, 0, 0}) }, End: "gone, protocol 3 [1 0 0]"},
		{Name: "a mechanism that is not offered", say: func(c *raw) {
			c.write(frame.ProtoSASL[:])
			c.step()
			c.write(frame.AppendFrame(nil, frame.TypeSASL, 0, &frame.SASLInit{Mechanism: "NONE"}, nil))
		}, End: "gone, outcome 1"},
		{Name: "begin before open", say: func(c *raw) { c.write(frame.ProtoAMQP[:]); c.say(0, beginning()) }, End: "close because of amqp:not-allowed, gone, open, protocol 0 [1 0 0]"},
		{Name: "open twice", say: func(c *raw) { c.opens(); c.say(0, opening()) }, End: "close because of amqp:not-allowed, gone"},
		{Name: "begin twice", say: func(c *raw) { c.opens(); c.say(0, beginning()) }, End: "close because of amqp:illegal-state, gone"},
		{Name: "end of no session", say: func(c *raw) { c.opens(); c.say(3, &frame.End{}) }, End: "close because of amqp:illegal-state, gone"},
		{Name: "attach without a session", say: func(c *raw) { c.opens(); c.say(3, sends(0, "out", "wrong/session")) }, End: "close because of amqp:illegal-state, gone"},
		{Name: "a channel that is too high", say: func(c *raw) { c.opens(); c.say(40000, beginning()) }, End: "close because of amqp:not-allowed, gone"},
		{Name: "a handle in use", say: func(c *raw) {
			c.opens()
			c.say(0, sends(0, "one", "wrong/use"))
			c.step()
			c.say(0, sends(0, "two", "wrong/use"))
		}, End: "close because of amqp:session:handle-in-use, gone"},
		{Name: "attach without a name", say: func(c *raw) {
			c.opens()
			b, mark := wire.BeginList(wire.AppendDescriptor(nil, frame.CodeAttach))
			c.say(0, custom{wire.EndList(wire.AppendBool(wire.AppendUint(wire.AppendNull(b), 0), false), mark, 3)})
		}, End: "close because of amqp:decode-error, gone"},
		{Name: "detach of no link", say: func(c *raw) { c.opens(); c.say(0, &frame.Detach{Handle: 9, Closed: true}) }, End: "close because of amqp:session:unattached-handle, gone"},
		{Name: "flow of no link", say: func(c *raw) { c.opens(); c.say(0, credit(9, 1)) }, End: "close because of amqp:session:unattached-handle, gone"},
		{Name: "transfer on no link", say: func(c *raw) { c.opens(); c.transfer(delivery(9, 0), text("x", 0)) }, End: "close because of amqp:session:unattached-handle, gone"},
		{Name: "transfer on a link the other way", say: func(c *raw) { c.pair("wrong/way"); c.transfer(delivery(1, 0), text("x", 0)) }, End: "close because of amqp:session:unattached-handle, gone"},
		{Name: "a performative that does not exist", say: func(c *raw) {
			c.opens()
			c.say(0, custom{[]byte{0, 0x53, 0x99, 0x45}})
		}, End: "close because of amqp:decode-error, gone"},
		{Name: "a performative that is cut short", say: func(c *raw) {
			c.opens()
			b := beginning().AppendBody(nil)
			c.say(1, custom{b[:len(b)-2]})
		}, End: "close because of amqp:decode-error, gone"},
		{Name: "a performative that is no list", say: func(c *raw) { c.opens(); c.say(1, custom{[]byte{0, 0x53, frame.CodeBegin, 0x41}}) }, End: "close because of amqp:decode-error, gone"},
		{Name: "a type that does not exist", say: func(c *raw) { c.opens(); c.say(1, custom{[]byte{0, 0x53, frame.CodeBegin, 0xc0, 2, 1, 0x3f}}) }, End: "close because of amqp:decode-error, gone"},
		{Name: "a frame that is too small", say: func(c *raw) { c.opens(); c.write(header(4, 2, 0)) }, End: "close because of amqp:connection:framing-error, gone"},
		{Name: "a frame that is too large", say: func(c *raw) { c.opens(); c.write(header(1<<30, 2, 0)) }, End: "close because of amqp:connection:framing-error, gone"},
		{Name: "a header that is too short", say: func(c *raw) { c.opens(); c.write(header(8, 1, 0)) }, End: "close because of amqp:connection:framing-error, gone"},
		{Name: "a header that is longer than its frame", say: func(c *raw) { c.opens(); c.write(header(8, 3, 0)) }, End: "close because of amqp:connection:framing-error, gone"},
		{Name: "a frame of an unknown type", say: func(c *raw) { c.opens(); c.write(header(8, 2, 9)) }, End: "close because of amqp:connection:framing-error, gone"},
		{Name: "security after the open", say: func(c *raw) {
			c.opens()
			c.write(frame.AppendFrame(nil, frame.TypeSASL, 0, &frame.SASLInit{Mechanism: "ANONYMOUS"}, nil))
		}, End: "close because of amqp:connection:framing-error, gone"},
		{Name: "properties nested a thousand deep", say: func(c *raw) {
			c.write(frame.ProtoAMQP[:])
			const deep = 1000
			var value []byte
			for range deep {
				v := binary.BigEndian.AppendUint32([]byte{0xd0}, uint32(len(value)+4))
				n := uint32(1)
				if len(value) == 0 {
					n = 0
				}
				value = append(binary.BigEndian.AppendUint32(v, n), value...)
			}
			b, mark := wire.BeginList32(wire.AppendDescriptor(nil, frame.CodeOpen))
			b = wire.AppendString(b, "odd")
			for range 8 {
				b = wire.AppendNull(b)
			}
			m := wire.AppendSymbol(nil, "deep")
			m = append(m, value...)
			b = append(b, 0xd1)
			b = binary.BigEndian.AppendUint32(b, uint32(len(m)+4))
			b = binary.BigEndian.AppendUint32(b, 2)
			c.say(0, custom{wire.EndList32(append(b, m...), mark, 10)})
		}, End: "close because of amqp:decode-error, gone, open, protocol 0 [1 0 0]"},
		{Name: "a delivery that another one follows before its end", say: func(c *raw) {
			c.pair("wrong/follow")
			t := delivery(0, 0)
			t.More = true
			c.transfer(t, text("half", 100)[:50])
			c.step()
			c.transfer(delivery(0, 1), text("whole", 0))
		}, End: "close because of amqp:invalid-field, gone"},
	}
}
