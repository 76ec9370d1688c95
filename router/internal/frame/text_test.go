package frame

import (
	"testing"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

func TestText(t *testing.T) {
	fault := &Error{Condition: "amqp:connection:forced", Description: `by "request" \ é`,
		Info: wire.Map{{Key: wire.Symbol("list"), Value: wire.List{nil, int64(-1), wire.Array{Items: []any{true}}}}}}
	for _, c := range []struct {
		p    Performative
		want string
	}{
		{&Close{}, "@close(24) []"},
		{&Close{fault}, `@close(24) [error=@error(29) [condition=:"amqp:connection:forced", description="by \"request\" \\ \xc3\xa9", ` +
			`info={:list=[null, -1, @[true]]}]]`},
		{&Detach{1, true, nil}, "@detach(22) [handle=0x1, closed=true]"},
		{&Flow{IncomingWindow: 5}, "@flow(19) [incoming-window=0x5, next-outgoing-id=0x0, outgoing-window=0x0]"},
		{&Disposition{First: 1, State: &Other{[]byte("\x00\xa3\x01x\x45")}}, "@disposition(21) [role=false, first=0x1, state=@:x []]"},
		{&Disposition{First: 1, State: &Other{[]byte("\x00\x53\x34\xc0\x03\x01\xa0\x00")}}, `@disposition(21) [role=false, first=0x1, state=@0x34(52) [b""]]`},
	} {
		if got := Text(c.p); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}

// The code that each type says it has is the one it is sent with.
func TestCodes(t *testing.T) {
	states := []DeliveryState{&Received{}, &Accepted{}, &Rejected{}, &Released{}, &Modified{}, &Other{[]byte("\x00\x53\x34\x45")}}
	for _, s := range states {
		if got := wire.NewDecoder(s.AppendBody(nil)).Descriptor(); got != s.Code() {
			t.Errorf("%T: code %x, sent as %x", s, s.Code(), got)
		}
	}
	for _, p := range full() {
		if got := wire.NewDecoder(p.AppendBody(nil)).Descriptor(); got != p.Code() {
			t.Errorf("%T: code %x, sent as %x", p, p.Code(), got)
		}
	}
	if RoleReceiver.String() != "receiver" || RoleSender.String() != "sender" {
		t.Errorf("roles: %v, %v", RoleReceiver, RoleSender)
	}
}
