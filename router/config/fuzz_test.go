package config

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse checks that whatever can be read can be written and reads back as the same.
func FuzzParse(f *testing.F) {
	for _, name := range samples {
		b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`[["address",{"prefix":"\ud800","priority":-1}],["log",{}],["router",{"":0}]]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b)
		if err != nil {
			return
		}
		_ = c.Check()
		out, err := c.Marshal()
		if err != nil {
			t.Fatalf("write: %v", err)
		}
		again, err := Parse(out)
		if err != nil {
			t.Fatalf("read back: %v\n%s", err, out)
		}
		twice, err := again.Marshal()
		if err != nil || !bytes.Equal(out, twice) || len(c.Entities()) != len(again.Entities()) {
			t.Fatalf("%s\nreads back as\n%s, %v", out, twice, err)
		}
		if d := Diff(c, again); !duplicates(c) && !d.Empty() {
			t.Fatalf("differs from itself: %+v", d)
		}
		c.ApplyDefaults()
	})
}

// duplicates says whether two entities go by one name, of which only one counts in a comparison.
func duplicates(c *Config) bool {
	seen := map[string]bool{}
	for _, e := range c.Entities() {
		name := e.Type + " " + e.Name()
		if e.Type == "address" {
			name = Identity(e.Type, e.Attributes)
		}
		if seen[name] || e.Type == "site" && seen["site"] {
			return true
		}
		seen[name], seen[e.Type] = true, true
	}
	return false
}
