package agent

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

func TestAdopt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "skrouterd.json")
	var s state
	if s.adopt(file); s.Ports != nil || s.adopted {
		t.Errorf("of nothing: %+v", s)
	}
	text := `[["router",{"id":"west-1","mode":"interior"}],["listener",{"name":"west-inter-router","role":"inter-router","port":55672}],["listener",{"name":"odd","port":"amqps"}]]`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"west-inter-router": 55672}
	if s.adopt(file); !maps.Equal(s.Ports, want) || !s.adopted {
		t.Errorf("got %+v, want %v", s, want)
	}
	known := state{Ports: map[string]int{"west-inter-router": 1}}
	if known.adopt(file); known.adopted || known.Ports["west-inter-router"] != 1 {
		t.Errorf("what is known already gives way: %+v", known)
	}
}
