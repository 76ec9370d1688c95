package config

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestFieldsMatchSchema checks that every field of an entity is an attribute that may be given, of the same kind.
func TestFieldsMatchSchema(t *testing.T) {
	for _, s := range sections {
		v := reflect.ValueOf(s.of(new(Config))).Elem()
		if v.Kind() == reflect.Slice {
			v = reflect.New(v.Type().Elem()).Elem()
		}
		fs, extra := fields(v)
		if !extra.IsValid() {
			t.Errorf("%s has no Extra", s.short)
		}
		for _, f := range fs {
			a := Lookup(s.short).Attribute(f.name)
			if a == nil || !a.Create && s.short != "log" {
				t.Errorf("%s.%s is not an attribute that may be given", s.short, f.name)
				continue
			}
			kind := f.v.Type()
			if kind.Kind() == reflect.Pointer {
				kind = kind.Elem()
			}
			want := map[Kind]reflect.Kind{String: reflect.String, Int: reflect.Int, Bool: reflect.Bool, Map: reflect.Map}[a.Kind]
			if kind.Kind() != want {
				t.Errorf("%s.%s is a %v, want a %v", s.short, f.name, kind, want)
			}
			if b, isBool := a.Default.(bool); isBool && b && f.v.Kind() != reflect.Pointer {
				t.Errorf("%s.%s is true by default, and cannot be told from false", s.short, f.name)
			}
		}
	}
}

// TestDefaultsFit checks that every default is a value that may be given.
func TestDefaultsFit(t *testing.T) {
	for _, typ := range Types() {
		for i := range typ.Attributes {
			a := &typ.Attributes[i]
			if a.Default == nil {
				continue
			}
			if _, err := a.Coerce(a.Default); err != nil {
				t.Errorf("%s: default: %v", typ.Name, err)
			}
		}
	}
}

// TestColumns compares columns and their order with those that skupper-router answers.
func TestColumns(t *testing.T) {
	b, err := os.ReadFile("testdata/columns.golden")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		name, columns, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		typ := Lookup(name)
		if typ == nil {
			t.Errorf("type %s is missing", name)
			continue
		}
		seen[typ.Name] = true
		if got := " " + strings.Join(typ.Columns(), " "); got != columns {
			t.Errorf("%s has columns\n%s\nwant\n%s", name, got, columns)
		}
	}
	for _, typ := range Types() {
		if !seen[typ.Name] {
			t.Errorf("type %s is not in the golden file", typ.Name)
		}
	}
}

func TestLookup(t *testing.T) {
	for name, want := range map[string]string{
		"tcpListener": "tcpListener", Prefix + "tcpListener": "tcpListener", "address": "router.config.address",
		Prefix + "router.config.address": "router.config.address", "router.address": "router.address",
		"bogus": "", "": "", Prefix: "",
	} {
		got := ""
		if typ := Lookup(name); typ != nil {
			got = typ.Name
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestIdentity(t *testing.T) {
	tests := []struct {
		typ   string
		attrs map[string]any
		want  string
	}{
		{"router", map[string]any{"id": "A"}, "router/A"},
		{"log", map[string]any{"module": "AGENT"}, "log/AGENT"},
		{"site", map[string]any{"name": "s"}, "site/None"},
		{"tcpListener", map[string]any{"host": "127.0.0.1", "port": "1", "name": "n"}, "tcpListener/127.0.0.1:1:n"},
		{Prefix + "connector", map[string]any{"host": "h", "port": "1", "name": "n"}, "connector/h:1:n"},
		{"listener", map[string]any{"host": "h", "port": "1"}, "listener/h:1"},
		{"listenerAddress", map[string]any{"listener": "l", "address": "a", "name": "n"}, "listenerAddress/l:a:n"},
		{"sslProfile", map[string]any{"name": "n"}, "sslProfile/n"},
		{"address", map[string]any{"pattern": "a/#"}, "address/a/#"},
	}
	for _, tt := range tests {
		if got := Identity(tt.typ, tt.attrs); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.typ, got, tt.want)
		}
	}
}

func TestApplyDefaults(t *testing.T) {
	c := sample(t, "small")
	c.ApplyDefaults()
	l, k, tl := c.Listeners[0], c.Connectors[0], c.TCPListeners[0]
	if c.Router.WorkerThreads != 4 || c.Router.HelloMaxAgeSeconds != 3 || c.Router.DataConnectionCount != "auto" || !*c.Router.DropTCPConnections {
		t.Errorf("router is %+v", c.Router)
	}
	if l.MaxFrameSize != 16384 || l.Cost != 1 || l.IdleTimeoutSeconds != 16 || !*l.Healthz || l.Host != "0.0.0.0" {
		t.Errorf("listener is %+v", l)
	}
	if !*k.VerifyHostname || k.StripAnnotations != "both" || k.LinkCapacity != 250 || k.Role != RoleInterRouter {
		t.Errorf("connector is %+v", k)
	}
	if tl.MultiAddressStrategy != StrategyNone || tl.Observer != "auto" {
		t.Errorf("tcpListener is %+v", tl)
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	if d := Diff(sample(t, "small"), c); !d.Empty() {
		t.Errorf("defaults make a difference: %+v", d)
	}
}

func TestExpand(t *testing.T) {
	env := map[string]string{"HOSTNAME": "pod-1", "Q": "a\"b\\c\n", "EMPTY": ""}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	for in, want := range map[string]string{
		`"west-${HOSTNAME}"`: `"west-pod-1"`, `"${Q}"`: `"a\"b\\c\n"`, `"${NONE}-${HOSTNAME}"`: `"${NONE}-pod-1"`,
		`"${HOSTNAME"`: `"${HOSTNAME"`, `"$HOSTNAME"`: `"$HOSTNAME"`, `"[${EMPTY}]"`: `"[]"`, ``: ``, `${HOSTNAME}${HOSTNAME}`: `pod-1pod-1`,
	} {
		if got := string(Expand([]byte(in), lookup)); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}
