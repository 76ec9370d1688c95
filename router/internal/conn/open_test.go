package conn

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/internal/frame"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

var routerCaps = []wire.Symbol{"ANONYMOUS-RELAY", "qd.streaming-links", "qd.connection_trunking"}

// The opening of a connection between two routers, as the reference implementation says it.
func TestOpeningOfRouters(t *testing.T) {
	sym := func(k string, v any) wire.Pair { return wire.Pair{Key: wire.Symbol(k), Value: v} }
	p := newPair(t, Config{
		Hostname: "127.0.0.1", SASL: SASLExternal, IdleTimeout: 16 * time.Second, OfferedCaps: routerCaps, DesiredCaps: routerCaps, ContainerID: "B",
		Properties: wire.Map{sym("product", "skupper-router"), sym("version", "3.0.0"), sym("qd.conn-id", int32(5)),
			sym("qd.group-correlator", "RytercAwCExXxW4"), sym("qd.group-ordinal", uint64(0)), sym("qd.annotations-version", int32(2))},
	}, Config{
		Mechanisms: []SASL{SASLExternal}, IdleTimeout: 16 * time.Second, OfferedCaps: routerCaps, DesiredCaps: routerCaps, ContainerID: "A",
		Properties: wire.Map{sym("product", "skupper-router"), sym("version", "3.0.0"), sym("qd.conn-id", int32(3)),
			sym("qd.access-id", "vj2Oj:1"), sym("qd.annotations-version", int32(2))},
	})
	p.pump()
	caps := ` offered-capabilities=@<symbol>[:ANONYMOUS-RELAY, :"qd.streaming-links", :"qd.connection_trunking"],` +
		` desired-capabilities=@<symbol>[:ANONYMOUS-RELAY, :"qd.streaming-links", :"qd.connection_trunking"],`
	dialler := []string{
		"AMQP 3",
		`@sasl-init(65) [mechanism=:EXTERNAL, initial-response=b""]`,
		"AMQP 0",
		`@open(16) [container-id="B", hostname="127.0.0.1", max-frame-size=0x4000, channel-max=0x7fff, idle-time-out=0x1f40,` + caps +
			` properties={:product="skupper-router", :version="3.0.0", :"qd.conn-id"=5, :"qd.group-correlator"="RytercAwCExXxW4",` +
			` :"qd.group-ordinal"=0x0, :"qd.annotations-version"=2}]`,
	}
	accepter := []string{
		"AMQP 3",
		`@sasl-mechanisms(64) [sasl-server-mechanisms=@<symbol>[:EXTERNAL]]`,
		`@sasl-outcome(68) [code=0x0]`,
		"AMQP 0",
		`@open(16) [container-id="A", max-frame-size=0x4000, channel-max=0x7fff, idle-time-out=0x1f40,` + caps +
			` properties={:product="skupper-router", :version="3.0.0", :"qd.conn-id"=3, :"qd.access-id"="vj2Oj:1", :"qd.annotations-version"=2}]`,
	}
	for _, c := range []struct {
		who       string
		got, want []string
	}{{"dialler", p.b.said, dialler}, {"accepter", p.a.said, accepter}} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("the %s says\n%s\nwant\n%s", c.who, strings.Join(c.got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	if p.a.one(Opened); p.a.c.Remote().ContainerID != "A" {
		t.Errorf("the dialler takes its peer for %q", p.a.c.Remote().ContainerID)
	}
}

// The begins and attaches of the dialler of a router connection, and the answers of its accepter.
func TestAttachOfRouterLinks(t *testing.T) {
	p := opened(t, Config{}, Config{})
	p.a.said, p.b.said, p.b.accept = nil, nil, 250
	for _, class := range []Class{ClassControl, ClassData} {
		caps := []wire.Symbol{"qd.router"}
		if class == ClassData {
			caps = []wire.Symbol{"qd.router-data"}
		}
		for _, role := range []frame.Role{frame.RoleReceiver, frame.RoleSender} {
			capacity := uint32(0)
			if role == frame.RoleReceiver {
				capacity = 250
			}
			_, err := p.a.c.OpenLink(class, "qdlink.x", role, &frame.Source{ExpiryPolicy: "link-detach", Capabilities: caps},
				&frame.Target{ExpiryPolicy: "link-detach", Capabilities: caps}, capacity, nil)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	p.pump()
	attach := func(handle, role, capability string, counted bool) string {
		term := `durable=0x0, expiry-policy=:link-detach, timeout=0x0, dynamic=false, capabilities=:"` + capability + `"]`
		s := `@attach(18) [name="qdlink.x", handle=` + handle + `, role=` + role + `, snd-settle-mode=0x2, rcv-settle-mode=0x0, source=@source(40) [` + term +
			`, target=@target(41) [` + term
		if counted {
			s += ", initial-delivery-count=0x0"
		}
		return s + ", max-message-size=0x0]"
	}
	begin := "@begin(17) [next-outgoing-id=0x0, incoming-window=0x2000, outgoing-window=0x7fffffff, handle-max=0x7fffffff]"
	want := []string{begin, attach("0x0", "true", "qd.router", false), attach("0x1", "false", "qd.router", true),
		begin, attach("0x0", "true", "qd.router-data", false), attach("0x1", "false", "qd.router-data", true)}
	got := append(p.b.received("@begin"), p.b.received("@attach")...)
	slices.Sort(got)
	slices.Sort(want)
	// Receivers of the reference implementation send an initial-delivery-count too, which has no meaning there.
	for i := range got {
		if strings.ReplaceAll(got[i], ", initial-delivery-count=0x0", "") != strings.ReplaceAll(want[i], ", initial-delivery-count=0x0", "") {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d frames, want %d", len(got), len(want))
	}
	answers := p.a.received("@begin(17) [remote-channel=")
	if len(answers) != 2 || answers[1] != "@begin(17) [remote-channel=0x1, next-outgoing-id=0x0, incoming-window=0x2000, outgoing-window=0x7fffffff, handle-max=0x7fffffff]" {
		t.Errorf("answers to begin: %q", answers)
	}
	// The credit of 250 goes out with the answer.
	if f := p.a.received("@flow"); len(f) != 2 || !strings.Contains(f[0], "link-credit=0xfa, drain=false]") {
		t.Errorf("flows of the accepter: %q", f)
	}
	if f := p.b.received("@flow"); len(f) != 2 || !strings.Contains(f[0], "link-credit=0xfa, drain=false]") {
		t.Errorf("flows of the dialler: %q", f)
	}
}

func TestSASLOutcomes(t *testing.T) {
	for _, c := range []struct {
		name         string
		a, b         Config
		open         bool
		aErr, bErr   wire.Symbol
		aDone, bDone bool
	}{
		{name: "none", open: true},
		{name: "anonymous", a: Config{SASL: SASLAnonymous}, b: Config{Mechanisms: []SASL{SASLExternal, SASLAnonymous}}, open: true},
		{name: "not-needed", b: Config{Mechanisms: []SASL{SASLAnonymous}, SkipSASL: true}, open: true},
		{name: "needed", b: Config{Mechanisms: []SASL{SASLExternal}}, aErr: "amqp:connection:framing-error", bErr: "amqp:connection:framing-error"},
		{name: "not-offered", a: Config{SASL: SASLExternal}, b: Config{Mechanisms: []SASL{SASLAnonymous}}, aErr: "amqp:unauthorized-access"},
		{name: "nobody-wants-it", a: Config{SASL: SASLAnonymous}, aErr: "amqp:connection:framing-error", bErr: "amqp:connection:framing-error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for step := range 9 { // the octets arrive in pieces of every small size
				p := newPair(t, c.a, c.b)
				p.step = step
				p.pump()
				if c.open {
					if !p.a.c.IsOpen() || !p.b.c.IsOpen() {
						t.Fatalf("step %d: not open: %v, %v", step, p.a.c.Err(), p.b.c.Err())
					}
					continue
				}
				if e := p.a.c.Err(); p.a.c.IsOpen() || e == nil || e.Condition != c.aErr {
					t.Errorf("step %d: dialler: %v, want %s", step, e, c.aErr)
				}
				if e := p.b.c.Err(); c.bErr != "" && (e == nil || e.Condition != c.bErr) {
					t.Errorf("step %d: accepter: %v, want %s", step, e, c.bErr)
				}
			}
		})
	}
}

func TestOpenLinkBeforeOpen(t *testing.T) {
	p := newPair(t, Config{}, Config{})
	if _, err := p.a.c.OpenLink(ClassControl, "x", frame.RoleSender, nil, nil, 0, nil); err == nil {
		t.Error("a link on a connection that is not open")
	}
}
