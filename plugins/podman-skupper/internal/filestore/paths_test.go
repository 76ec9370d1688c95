package filestore

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func env(kv ...string) func(string) string {
	return func(k string) string {
		for i := 0; i+1 < len(kv); i += 2 {
			if kv[i] == k {
				return kv[i+1]
			}
		}
		return ""
	}
}

func TestLocate(t *testing.T) {
	root := os.Getuid() == 0
	tests := map[string]struct {
		env     func(string) string
		want    string
		private bool
	}{
		"home of skupper wins": {env("SKUPPER_HOME", "/x/y/", "XDG_DATA_HOME", "/z", "HOME", "/h"), "/x/y", true},
		"xdg":                  {env("XDG_DATA_HOME", "/z", "HOME", "/h"), "/z/skupper", false},
		"relative xdg":         {env("XDG_DATA_HOME", "z", "HOME", "/h"), "/h/.local/share/skupper", false},
		"home":                 {env("HOME", "/h"), "/h/.local/share/skupper", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if root && !tt.private {
				tt.want = "/var/lib/skupper" // root has one place whatever the environment says
			}
			p, err := Locate(tt.env)
			if err != nil || p.Data() != tt.want || p.Private() != tt.private {
				t.Errorf("got %q %v %v, want %q", p.Data(), p.Private(), err, tt.want)
			}
		})
	}
	if _, err := Locate(env()); err == nil && !root {
		t.Error("found an installation without a home")
	}
}

func TestAgentSocketFits(t *testing.T) {
	base := "/" + strings.Repeat("d", 100-len("/agent/agent.sock")-1)
	short, long := Under(base), Under(base+"d")
	if got := short.AgentSocket(); len(got) != 100 || got != filepath.Join(base, "agent", "agent.sock") {
		t.Errorf("got %d octets: %s", len(got), got)
	}
	got := long.AgentSocket()
	if len(got) > 100 || !strings.HasPrefix(got, "/tmp/") {
		t.Errorf("got %d octets: %s", len(got), got)
	}
	if got == Under(base+"e").AgentSocket() {
		t.Error("two installations have one socket")
	}
}

func TestCheckNamespace(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "west-1": true, strings.Repeat("a", 63): true,
		"": false, strings.Repeat("a", 64): false, "-a": false, "a-": false, "A": false, "a.b": false, "..": false, "a/b": false,
	} {
		if err := CheckNamespace(name); (err == nil) != ok {
			t.Errorf("%q: got %v", name, err)
		}
	}
}
