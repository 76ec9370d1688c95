package config

import (
	"os"
	"path/filepath"
	"reflect"
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
		if !reflect.DeepEqual(c.Entities(), again.Entities()) {
			t.Fatalf("%s\nreads back as\n%v\nwant\n%v", out, again.Entities(), c.Entities())
		}
		if d := Diff(c, again); len(d.Created)+len(d.Deleted) != 0 {
			t.Fatalf("differs from itself: %+v", d)
		}
		c.ApplyDefaults()
	})
}
