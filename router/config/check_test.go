package config

import (
	"strings"
	"testing"
)

func TestCheckSamples(t *testing.T) {
	for _, name := range samples {
		if err := sample(t, name).Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheck(t *testing.T) {
	const router = `["router",{"id":"A","mode":"interior"}],`
	tests := []struct{ name, in, want string }{
		{"nothing", ``, "router: there is none"},
		{"no id", `["router",{"mode":"edge"}]`, `id is missing`},
		{"id with bar", `["router",{"id":"a|b"}]`, `id "a|b" must not contain | or $`},
		{"id with dollar", `["router",{"id":"a$b"}]`, `id "a$b" must not contain | or $`},
		{"id too long", `["router",{"id":"` + strings.Repeat("x", 128) + `"}]`, "id has 128 octets, want 127 or fewer"},
		{"data connections", `["router",{"id":"A","dataConnectionCount":"many"}]`, `dataConnectionCount is "many", want 0 to 128, or auto`},
		{"too many data connections", `["router",{"id":"A","dataConnectionCount":"129"}]`, `dataConnectionCount is 129, want 0 to 128, or auto`},
		{"hello", `["router",{"id":"A","helloMaxAgeSeconds":1,"helloIntervalSeconds":2}]`, "helloMaxAgeSeconds is 1, want helloIntervalSeconds (2) or more"},
		{"duplicate", router + `["listener",{"name":"x"}],["listener",{"name":"x","port":1}]`, `listener "x": there is more than one`},
		{"duplicate without name", router + `["listener",{"host":"h","port":1}],["listener",{"host":"h","port":1}]`, `listener "listener/h:1": there is more than one`},
		{"same name, other type", router + `["listener",{"name":"x"}],["connector",{"name":"x"}]`, `connector "x": a listener has the same name`},
		{"two sites", router + `["site",{"name":"a"}],["site",{"name":"b"}]`, "site: there are 2, want one"},
		{"missing port", router + `["tcpConnector",{"name":"c","address":"a"}]`, `tcpConnector "c": port is missing`},
		{"missing address", router + `["tcpConnector",{"name":"c","port":"1"}]`, `tcpConnector "c": address is missing`},
		{"no address", router + `["tcpListener",{"name":"l","port":"1"}]`, `tcpListener "l": address is missing`},
		{"address and strategy", router + `["tcpListener",{"name":"l","port":"1","address":"a","multiAddressStrategy":"weighted"}]`, `address must be absent with multiAddressStrategy weighted`},
		{"client certificates without TLS", router + `["tcpListener",{"name":"l","port":"1","address":"a","authenticatePeer":true}]`, `authenticatePeer needs an sslProfile`},
		{"standalone inter-router", `["router",{"id":"A"}],["listener",{"name":"l","role":"inter-router"}]`, "role inter-router is not allowed in a router of mode standalone"},
		{"standalone edge", `["router",{"id":"A"}],["connector",{"name":"l","role":"edge"}]`, "role edge is not allowed in a router of mode standalone"},
		{"edge inter-router", `["router",{"id":"A","mode":"edge"}],["connector",{"name":"l","role":"inter-router"}]`, "role inter-router is not allowed in a router of mode edge"},
		{"edge edge listener", `["router",{"id":"A","mode":"edge"}],["listener",{"name":"l","role":"edge"}]`, "role edge is not allowed in a router of mode edge"},
		{"listener profile", router + `["listener",{"name":"l","sslProfile":"p"}]`, `listener "l": there is no sslProfile "p"`},
		{"connector profile", router + `["connector",{"name":"l","sslProfile":"p"}]`, `connector "l": there is no sslProfile "p"`},
		{"tcpListener profile", router + `["tcpListener",{"name":"l","port":"1","address":"a","sslProfile":"p"}]`, `tcpListener "l": there is no sslProfile "p"`},
		{"tcpConnector profile", router + `["tcpConnector",{"name":"l","port":"1","address":"a","sslProfile":"p"}]`, `tcpConnector "l": there is no sslProfile "p"`},
		{"proxy", router + `["connector",{"name":"l","proxyProfile":"p"}]`, `connector "l": there is no proxyProfile "p"`},
		{"requireSsl", router + `["listener",{"name":"l","requireSsl":true}]`, `listener "l": requireSsl needs an sslProfile`},
		{"profile without name", router + `["sslProfile",{"caCertFile":"x"}]`, `sslProfile: name is missing`},
		{"ordinals", router + `["sslProfile",{"name":"p","ordinal":1,"oldestValidOrdinal":2}]`, `oldestValidOrdinal is 2, want ordinal (1) or less`},
		{"unknown listener", router + `["listenerAddress",{"name":"a","address":"x","value":1,"listener":"l"}]`, `listenerAddress "a": there is no tcpListener "l"`},
		{"plain listener", router + `["tcpListener",{"name":"l","port":"1","address":"a"}],["listenerAddress",{"name":"a","address":"x","value":1,"listener":"l"}]`, `tcpListener "l" has no multiAddressStrategy`},
		{"no listener", router + `["listenerAddress",{"name":"a","address":"x","value":1}]`, `listenerAddress "a": listener is missing`},
		{"address of nothing", router + `["address",{"distribution":"closest"}]`, `want either prefix or pattern`},
		{"address of both", router + `["address",{"prefix":"a","pattern":"b"}]`, `want either prefix or pattern`},
		{"log module", router + `["log",{"enable":"info+"}]`, `module is missing`},
		{"long name", router + `["sslProfile",{"name":"` + strings.Repeat("n", MaxNameLength+1) + `"}]`, "the name is longer than 1024 octets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Parse([]byte("[" + tt.in + "]"))
			if err != nil {
				t.Fatal(err)
			}
			err = c.Check()
			if err == nil {
				t.Fatalf("got no fault, want %q", tt.want)
			}
			if n := len(err.(*Faults).Lines); n != 1 {
				t.Errorf("got %d faults, want 1: %v", n, err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want it to contain %q", err, tt.want)
			}
		})
	}
}

// TestCheckTyped checks values that only a program can set: a file with them is refused when it is read.
func TestCheckTyped(t *testing.T) {
	c := &Config{Router: Router{ID: "A", Mode: "boss"}, Connectors: []Connector{{Name: "c", Port: "0", Cost: -1}},
		Listeners: []Listener{{Name: "l", Role: "r"}}}
	err := c.Check()
	if err == nil {
		t.Fatal("got no faults")
	}
	for _, want := range []string{`mode is "boss"`, `port is "0"`, "cost is -1", `role is "r"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want it to contain %q", err, want)
		}
	}
}

func TestCheckID(t *testing.T) {
	for id, ok := range map[string]bool{
		"a": true, strings.Repeat("x", MaxIDLength): true, strings.Repeat("x", MaxIDLength+1): false,
		"": false, "a|": false, "$a": false, "west-${HOSTNAME}": false, "west-1": true,
	} {
		if err := CheckID(id); (err == nil) != ok {
			t.Errorf("%q: got %v, want ok = %v", id, err, ok)
		}
	}
}

// TestManyFaults checks that a hopeless file does not give an endless message.
func TestManyFaults(t *testing.T) {
	c := &Config{Router: Router{ID: "A"}}
	for range maxFaults + 5 {
		c.TCPConnectors = append(c.TCPConnectors, TCPConnector{Name: "same", Port: "1", Address: "a"})
	}
	f := c.Check().(*Faults)
	if len(f.Lines) != maxFaults || f.More != 4 || !strings.HasSuffix(f.Error(), "; and 4 more") {
		t.Errorf("got %d lines and %d more", len(f.Lines), f.More)
	}
}
