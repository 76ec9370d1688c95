package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var golden = flag.Bool("update", false, "rewrite the golden files")

var samples = []string{"small", "kube", "local", "unknown"}

func sample(t *testing.T, name string) *Config {
	t.Helper()
	c, err := Load(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestRoundTrip checks that what is written is what golden files say, and reads back as the same.
func TestRoundTrip(t *testing.T) {
	for _, name := range samples {
		t.Run(name, func(t *testing.T) {
			c := sample(t, name)
			out, err := c.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".golden")
			if *golden {
				if err := os.WriteFile(file, out, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out, want) {
				t.Errorf("got\n%s\nwant\n%s", out, want)
			}
			again, err := Parse(out)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(again.Entities(), c.Entities()) {
				t.Errorf("reads back as\n%v\nwant\n%v", again.Entities(), c.Entities())
			}
			if d := Diff(c, again); !d.Empty() {
				t.Errorf("differs from itself: %+v", d)
			}
		})
	}
}

// TestNothingLost checks that every attribute of a file that has a value is in what is written.
func TestNothingLost(t *testing.T) {
	for _, name := range samples {
		in, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		out, err := sample(t, name).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		written := asPairs(t, out)
		for key, attrs := range asPairs(t, in) {
			for attr, v := range attrs {
				if v == nil || v == "" || v == false || v == 0.0 && attr != "value" {
					continue // the same as not given
				}
				got := written[key][attr]
				gotText, _ := json.Marshal(got)
				wantText, _ := json.Marshal(v)
				if strings.Trim(string(gotText), `"`) != strings.Trim(string(wantText), `"`) {
					t.Errorf("%s: %s %s is %s, want %s", name, key, attr, gotText, wantText)
				}
			}
		}
	}
}

// asPairs indexes the attributes of a file by type and name.
func asPairs(t *testing.T, b []byte) map[string]map[string]any {
	t.Helper()
	var list [][2]any
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]any{}
	for _, p := range list {
		attrs := p[1].(map[string]any)
		name, _ := attrs["name"].(string)
		out[strings.TrimPrefix(p[0].(string), Prefix)+" "+name] = attrs
	}
	return out
}

func TestMarshalOrder(t *testing.T) {
	a := sample(t, "kube")
	b := sample(t, "kube")
	for i, j := 0, len(b.Listeners)-1; i < j; i, j = i+1, j-1 {
		b.Listeners[i], b.Listeners[j] = b.Listeners[j], b.Listeners[i]
	}
	left, err := a.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	right, err := b.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(left, right) {
		t.Error("the order of entities changes what is written")
	}
	if d := Diff(a, b); !d.Empty() {
		t.Errorf("the order of entities makes a difference: %+v", d)
	}
}

func TestParseFaults(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", "configuration is empty"},
		{"object", `{"router":{}}`, "not an array of [type, {attributes}] pairs"},
		{"syntax", "[\n[\"router\",\n{,}]]", "line 3"},
		{"unfinished", `[["router",{"id":"A"}]`, "line 1: unexpected EOF"},
		{"trailing", `[] []`, "text after the end"},
		{"one of two", `[["router"]]`, "entity 1: want [type, {attributes}]"},
		{"three", `[["router",{},{}]]`, "entity 1: want [type, {attributes}]"},
		{"type is a number", `[[1,{}]]`, "entity 1: the type is not a text"},
		{"attributes are text", `[["router","x"]]`, "router: the attributes are not an object"},
		{"attributes are null", `[["router",null]]`, "router: the attributes are not an object"},
		{"two routers", `[["router",{"id":"A"}],["router",{"id":"B"}]]`, "there is more than one"},
		{"port 0", `[["listener",{"name":"x","port":0}]]`, `listener "x": port is "0", want 1 to 65535`},
		{"port 65536", `[["listener",{"name":"x","port":65536}]]`, `port is "65536", want 1 to 65535`},
		{"port negative", `[["connector",{"name":"x","port":"-1"}]]`, `port is "-1", want 1 to 65535`},
		{"port text", `[["tcpListener",{"name":"x","port":"http"}]]`, `port is "http", want 1 to 65535`},
		{"cost 0", `[["connector",{"name":"x","cost":0}]]`, "cost is 0, want 1 or more"},
		{"cost text", `[["connector",{"name":"x","cost":"cheap"}]]`, `cost is "cheap", want 1 or more`},
		{"cost fraction", `[["connector",{"name":"x","cost":1.5}]]`, `cost is "1.5", want 1 or more`},
		{"cost too large", `[["connector",{"name":"x","cost":2147483648}]]`, "cost is 2147483648, want 1 or more"},
		{"role", `[["listener",{"name":"x","role":"boss"}]]`, `role is "boss", want one of normal, inter-router`},
		{"bool", `[["listener",{"name":"x","http":"perhaps"}]]`, `http is "perhaps", want true or false`},
		{"map", `[["listener",{"name":"x","openProperties":[]}]]`, "openProperties is an array, want an object"},
		{"name is an object", `[["listener",{"name":{}}]]`, "name is an object, want text"},
		{"number out of range", `[["policy",{"x":1e999}]]`, "x is a number out of range"},
		{"secret not told", `[["proxyProfile",{"name":"p","password":["s3cret"]}]]`, "password is (hidden), want text"},
		{"all at once", `[["listener",{"name":"x","port":0,"cost":0}],["connector",{"name":"y","role":"z"}]]`,
			`cost is 0, want 1 or more; listener "x": port is "0", want 1 to 65535; connector "y": role`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Parse([]byte(tt.in))
			if err == nil {
				t.Fatalf("got %+v, want an error with %q", c, tt.want)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want it to contain %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

func TestParseAccepts(t *testing.T) {
	c, err := Parse([]byte(`[["router",{"id":"A","helloMaxAgeSeconds":"3","workerThreads":2,"dataConnectionCount":4}],
		["listener",{"name":"a","port":1,"cost":"2147483647","http":"yes","websockets":"false"}],
		["listener",{"name":"b","port":"65535"}], ["listener",{"name":"c","port":"amqps","role":null}],
		["io.skupper.router.router.config.address",{"prefix":"mc","distribution":"multicast"}]]`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Router.HelloMaxAgeSeconds != 3 || c.Router.DataConnectionCount != "4" {
		t.Errorf("router is %+v", c.Router)
	}
	a := c.Listeners[0]
	if a.Port != "1" || a.Cost != 2147483647 || !a.HTTP || a.Websockets == nil || *a.Websockets {
		t.Errorf("listener a is %+v", a)
	}
	if len(c.Addresses) != 1 || c.Addresses[0].Prefix != "mc" {
		t.Errorf("addresses are %+v", c.Addresses)
	}
}

func TestParseBounds(t *testing.T) {
	nested := func(n int) string { // n levels in all
		return `[["x",{"a":` + strings.Repeat("[", n-3) + strings.Repeat("]", n-3) + `}]]`
	}
	if _, err := Parse([]byte(nested(MaxDepth))); err != nil {
		t.Errorf("depth %d: %v", MaxDepth, err)
	}
	if _, err := Parse([]byte(nested(MaxDepth + 1))); err == nil || !strings.Contains(err.Error(), "nested deeper") {
		t.Errorf("depth %d: got %v", MaxDepth+1, err)
	}
	if _, err := Parse([]byte(`[["x",{"a":"` + strings.Repeat("[", 100) + `\"["}]]`)); err != nil {
		t.Errorf("brackets in text: %v", err)
	}
	padded := func(n int) []byte { return append([]byte("[]"), bytes.Repeat([]byte(" "), n-2)...) }
	if _, err := Parse(padded(MaxFileSize)); err != nil {
		t.Errorf("largest file: %v", err)
	}
	if _, err := Parse(padded(MaxFileSize + 1)); err == nil {
		t.Error("a file one octet too large is read")
	}
	many := func(n int) []byte {
		return []byte("[" + strings.TrimSuffix(strings.Repeat(`["x",{}],`, n), ",") + "]")
	}
	if c, err := Parse(many(MaxEntities)); err != nil || len(c.Unknown) != MaxEntities {
		t.Errorf("most entities: %v", err)
	}
	if _, err := Parse(many(MaxEntities + 1)); err == nil {
		t.Error("one entity too many is read")
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, "none.json")); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("got %v, want that it does not exist", err)
	}
	file := filepath.Join(dir, "large.json")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(MaxFileSize + 1); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v, want that it is too large", err)
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		if _, isPath := err.(*os.PathError); isPath {
			return err
		}
		err = u.Unwrap()
	}
}
