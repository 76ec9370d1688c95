package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// script shows changes one a line: "- type name", "~ type name attr=value", "+ type name", "! restart".
func script(c Changes) string {
	var out []string
	for _, e := range c.Deleted {
		out = append(out, "- "+e.Type+" "+e.Name())
	}
	for _, e := range c.Updated {
		line := "~ " + e.Type + " " + e.Name()
		for _, k := range slices.Sorted(maps.Keys(e.Attributes)) {
			if k != "name" {
				line += fmt.Sprintf(" %s=%v", k, e.Attributes[k])
			}
		}
		out = append(out, line)
	}
	for _, e := range c.Created {
		out = append(out, "+ "+e.Type+" "+e.Name())
	}
	for _, r := range c.RestartNeeded {
		out = append(out, "! "+r)
	}
	return strings.Join(out, "\n")
}

func parse(t *testing.T, in string) *Config {
	t.Helper()
	c, err := Parse([]byte("[" + in + "]"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDiff(t *testing.T) {
	tests := []struct{ name, from, to, want string }{
		{"nothing", ``, ``, ``},
		{"defaults spelt out",
			`["connector",{"name":"c","host":"h","port":"1"}],["listener",{"name":"l"}],["tcpConnector",{"name":"t","port":"1","address":"a"}]`,
			`["connector",{"name":"c","host":"h","port":1,"cost":1,"role":"normal","verifyHostname":true,"maxFrameSize":16384,"linkCapacity":250}],
			 ["listener",{"name":"l","port":5672,"healthz":true,"http":false,"cost":"1"}],
			 ["tcpConnector",{"name":"t","port":1,"address":"a","host":"127.0.0.1","sslProfile":""}]`, ``},
		{"order of creation and deletion",
			`["sslProfile",{"name":"s1"}],["listener",{"name":"l1"}],["connector",{"name":"c1"}],["tcpListener",{"name":"tl1","port":"1"}],
			 ["tcpConnector",{"name":"tc1","port":"1"}],["listenerAddress",{"name":"la1","listener":"tl1"}],["proxyProfile",{"name":"p1"}]`,
			`["listenerAddress",{"name":"la2","listener":"tl2"}],["tcpConnector",{"name":"tc2","port":"1"}],["tcpListener",{"name":"tl2","port":"1"}],
			 ["connector",{"name":"c2"}],["listener",{"name":"l2"}],["proxyProfile",{"name":"p2"}],["sslProfile",{"name":"s2"}]`,
			"- listenerAddress la1\n- tcpListener tl1\n- tcpConnector tc1\n- connector c1\n- listener l1\n- proxyProfile p1\n- sslProfile s1\n" +
				"+ sslProfile s2\n+ proxyProfile p2\n+ listener l2\n+ connector c2\n+ tcpConnector tc2\n+ tcpListener tl2\n+ listenerAddress la2"},
		{"a connector is made anew", `["connector",{"name":"c","cost":1}]`, `["connector",{"name":"c","cost":2}]`, "- connector c\n+ connector c"},
		{"a role is compared", `["connector",{"name":"c","role":"edge"}]`, `["connector",{"name":"c"}]`, "- connector c\n+ connector c"},
		{"a profile is updated", `["sslProfile",{"name":"s","ordinal":1}]`, `["sslProfile",{"name":"s","ordinal":2,"oldestValidOrdinal":1}]`,
			"~ sslProfile s oldestValidOrdinal=1 ordinal=2"},
		{"a value is taken away", `["sslProfile",{"name":"s","certFile":"c","ordinal":2}]`, `["sslProfile",{"name":"s"}]`, "~ sslProfile s certFile= ordinal=0"},
		{"a profile is made anew", `["sslProfile",{"name":"s","uidFormat":"1"}]`, `["sslProfile",{"name":"s","uidFormat":"2"}]`, "- sslProfile s\n+ sslProfile s"},
		{"an observer is updated", `["tcpListener",{"name":"l","port":1,"address":"a"}]`, `["tcpListener",{"name":"l","port":1,"address":"a","observer":"none"}]`,
			"~ tcpListener l observer=none"},
		{"an observer goes back to its default", `["tcpListener",{"name":"l","port":1,"address":"a","observer":"none"}]`, `["tcpListener",{"name":"l","port":1,"address":"a"}]`,
			"~ tcpListener l observer=auto"},
		{"addresses follow their listener",
			`["tcpListener",{"name":"l","port":1,"multiAddressStrategy":"priority"}],["listenerAddress",{"name":"x","value":1,"address":"x","listener":"l"}],
			 ["listenerAddress",{"name":"y","value":2,"address":"y","listener":"l"}],["listenerAddress",{"name":"z","value":2,"address":"y","listener":"other"}]`,
			`["tcpListener",{"name":"l","port":2,"multiAddressStrategy":"priority"}],["listenerAddress",{"name":"x","value":1,"address":"x","listener":"l"}],
			 ["listenerAddress",{"name":"z","value":2,"address":"y","listener":"other"}]`,
			"- listenerAddress y\n- listenerAddress x\n- tcpListener l\n+ tcpListener l\n+ listenerAddress x"},
		{"a weight of 0", `["listenerAddress",{"name":"x","value":1,"listener":"l"}]`, `["listenerAddress",{"name":"x","value":0,"listener":"l"}]`,
			"- listenerAddress x\n+ listenerAddress x"},
		{"restart", `["router",{"id":"A","mode":"edge"}],["site",{"name":"s","version":"1"}]`, `["router",{"id":"B","mode":"interior","dataConnectionCount":2}],["site",{"name":"s","version":"2"}]`,
			"! router.dataConnectionCount\n! router.id\n! router.mode\n! site"},
		{"no restart", `["router",{"id":"A","dataConnectionCount":"auto"}]`, `["router",{"id":"A","mode":"standalone","helloMaxAgeSeconds":"3"}]`, ""},
		{"site is new", ``, `["site",{"name":"s"}]`, "! site"},
		{"log", `["log",{"module":"ROUTER","enable":"debug+"}],["log",{"module":"SERVER","enable":"debug+"}]`,
			`["log",{"module":"ROUTER","enable":"error+"}],["log",{"module":"AGENT","enable":"trace+"}]`,
			"~ log log/SERVER enable=default\n~ log log/AGENT enable=trace+\n~ log log/ROUTER enable=error+"},
		{"log as it is", `["log",{"module":"DEFAULT","enable":"info+","includeTimestamp":true,"includeSource":false,"outputFile":"stderr"}]`, ``, ``},
		{"log back to normal", `["log",{"module":"DEFAULT","enable":"debug+"}]`, ``, "~ log log/DEFAULT enable=info+"},
		{"made-up connectors stay", `["connector",{"name":"auto-mesh-1"}],["connector",{"name":"c"}]`, ``, "- connector c"},
		{"address read back", `["address",{"name":"address/0","prefix":"mc","distribution":"multicast","priority":-1}]`, `["address",{"prefix":"mc","distribution":"multicast"}]`, ``},
		{"address goes", `["address",{"name":"address/0","prefix":"mc","distribution":"multicast","priority":-1}]`, ``, "- address address/0"},
		{"address changes", `["address",{"name":"address/0","prefix":"mc","distribution":"multicast"}]`, `["address",{"prefix":"mc"}]`, "- address address/0\n+ address address/mc"},
		{"listener without name read back", `["listener",{"name":"listener/h:1","host":"h","port":1}]`, `["listener",{"host":"h","port":1}]`, ``},
		{"secret not told", `["proxyProfile",{"name":"p","host":"h","port":"1","password":"(hidden)"}]`, `["proxyProfile",{"name":"p","host":"h","port":"1","password":"x"}]`, ``},
		{"secret taken away", `["proxyProfile",{"name":"p","host":"h","port":"1","password":"(hidden)"}]`, `["proxyProfile",{"name":"p","host":"h","port":"1"}]`, "~ proxyProfile p password="},
		{"unknown attribute", `["listener",{"name":"l","novelty":1}]`, `["listener",{"name":"l","novelty":2}]`, "- listener l\n+ listener l"},
		{"unknown entities do not matter", `["policy",{"a":1}]`, `["policy",{"a":2}]`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Diff(parse(t, tt.from), parse(t, tt.to))
			if s := script(got); s != tt.want {
				t.Errorf("got\n%s\nwant\n%s", s, tt.want)
			}
			if got.Empty() != (tt.want == "") {
				t.Errorf("Empty is %v", got.Empty())
			}
		})
	}
}

// TestDiffCreatesWhole checks that what is created again has all its attributes.
func TestDiffCreatesWhole(t *testing.T) {
	c := Diff(parse(t, `["listenerAddress",{"name":"x","value":1,"listener":"l","address":"a"}]`),
		parse(t, `["listenerAddress",{"name":"x","value":0,"listener":"l","address":"a"}]`))
	want := map[string]any{"name": "x", "value": int64(0), "listener": "l", "address": "a"}
	if len(c.Created) != 1 || !maps.Equal(c.Created[0].Attributes, want) {
		t.Errorf("got %v, want %v", c.Created, want)
	}
}
