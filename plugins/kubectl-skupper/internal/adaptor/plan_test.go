package adaptor

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/config"
)

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse([]byte("[" + text + "]"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// said is the changes, one word each, in their order.
func said(c config.Changes) string {
	var out []string
	for sign, list := range map[string][]config.Entity{"-": c.Deleted, "~": c.Updated, "+": c.Created} {
		for _, e := range list {
			word := sign + e.Type + ":" + e.Name()
			if sign == "~" {
				word += fmt.Sprintf("%v", e.Attributes["ordinal"])
			}
			out = append(out, word)
		}
	}
	slices.Sort(out)
	return strings.Join(append(out, c.RestartNeeded...), " ")
}

func TestPlan(t *testing.T) {
	const base = `["router",{"id":"r","mode":"interior"}],["address",{"prefix":"mc","distribution":"multicast"}],["listener",{"name":"amqp","host":"localhost","port":5672}],` +
		`["listener",{"name":"amqps","port":5671,"sslProfile":"local"}],["listener",{"name":"@9090","role":"normal","port":9090,"http":true}],` +
		`["sslProfile",{"name":"local","caCertFile":"ca","ordinal":2,"oldestValidOrdinal":1}]`
	const link = `,["sslProfile",{"name":"p","caCertFile":"ca","ordinal":%d}],["connector",{"name":"c","role":"inter-router","host":"h","port":"%d","sslProfile":"p"}]`
	for _, tt := range []struct {
		name, live, want string
		have             map[string]int // ordinals on disk; -1: not known
		changes          string
	}{
		{"nothing", base, base, map[string]int{"local": 2}, ""},
		{"only the pod can change", base, strings.ReplaceAll(strings.Replace(base, "interior", "edge", 1), "multicast", "closest"), map[string]int{"local": 2}, ""},
		{"protected listeners stay", base, `["sslProfile",{"name":"local","caCertFile":"ca","ordinal":2,"oldestValidOrdinal":1}]`, map[string]int{"local": 2}, ""},
		{"and what they need", base, `["router",{"id":"r"}]`, nil, ""},
		{"a link comes", base, base + fmt.Sprintf(link, 1, 55671), map[string]int{"local": 2, "p": 1}, "+connector:c +sslProfile:p"},
		{"without its files it does not", base, base + fmt.Sprintf(link, 1, 55671), map[string]int{"local": 2}, ""},
		{"without its files it stays as it is", base + fmt.Sprintf(link, 1, 55671), base + fmt.Sprintf(link, 2, 55672), map[string]int{"local": 2}, "+connector:c -connector:c"},
		{"other files", base + fmt.Sprintf(link, 1, 55671), base + fmt.Sprintf(link, 2, 55671), map[string]int{"local": 2, "p": 2}, "~sslProfile:p2"},
		{"other files are late", base + fmt.Sprintf(link, 1, 55671), base + fmt.Sprintf(link, 2, 55671), map[string]int{"local": 2, "p": 1}, ""},
		{"nobody knows how old the files are", base + fmt.Sprintf(link, 1, 55671), base + fmt.Sprintf(link, 2, 55671), map[string]int{"local": 2, "p": -1}, ""},
		{"an ordinal goes down", base + fmt.Sprintf(link, 3, 55671), base + fmt.Sprintf(link, 1, 55671), map[string]int{"local": 2, "p": 3}, ""},
		{"a new profile with older files", base, base + fmt.Sprintf(link, 5, 55671), map[string]int{"local": 2, "p": 4}, "+connector:c +sslProfile:p"},
		{"a link goes", base + fmt.Sprintf(link, 1, 55671), base, map[string]int{"local": 2, "p": 1}, "-connector:c -sslProfile:p"},
		{"the router's own links stay", base + `,["connector",{"name":"auto-mesh-x","role":"inter-router","host":"h","port":"1"}]`, base, map[string]int{"local": 2}, ""},
		{"a cost", base + fmt.Sprintf(link, 1, 55671), base + strings.Replace(fmt.Sprintf(link, 1, 55671), `"host"`, `"cost":5,"host"`, 1), map[string]int{"local": 2, "p": 1}, "+connector:c -connector:c"},
		{"a default spelt out", base + fmt.Sprintf(link, 1, 55671), base + strings.Replace(fmt.Sprintf(link, 1, 55671), `"host"`, `"cost":1,"verifyHostname":true,"host"`, 1), map[string]int{"local": 2, "p": 1}, ""},
		{"a listener with alternatives waits for its files", base,
			base + `,["tcpListener",{"name":"m","port":"1024","multiAddressStrategy":"priority","sslProfile":"q"}],["listenerAddress",{"name":"m/k","address":"k","value":0,"listener":"m"}],["sslProfile",{"name":"q","caCertFile":"x"}]`,
			map[string]int{"local": 2}, ""},
		{"a proxy without a password", base, base + `,["proxyProfile",{"name":"absent","host":"h","port":"3128"}],["connector",{"name":"c","role":"edge","host":"h","port":"1","proxyProfile":"absent"}]`, map[string]int{"local": 2}, ""},
		{"a proxy with one", base, base + `,["proxyProfile",{"name":"proxy","host":"h","port":"3128"}],["connector",{"name":"c","role":"edge","host":"h","port":"1","proxyProfile":"proxy"}]`, map[string]int{"local": 2}, "+connector:c +proxyProfile:proxy"},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			have := onDisk{
				profile: func(name string) (uint64, bool, bool) {
					n, ok := tt.have[name]
					return uint64(max(n, 0)), ok && n >= 0, ok
				},
				proxy: func(name string) bool { return name == "proxy" },
			}
			from, to := plan(parse(t, tt.live), parse(t, tt.want), have)
			if got := said(config.Diff(from, to)); got != tt.changes {
				t.Errorf("got %q, want %q", got, tt.changes)
			}
		})
	}
}
