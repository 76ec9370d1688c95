package podmanhost

import (
	"bytes"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/command"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

// show prints a view with the flags of a manner.
func show(t *testing.T, m host.Manner, v host.View, args ...string) (out, remarks string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	s := host.Streams{Out: &o, Err: &e}
	h := Host{getenv: func(string) string { return "" }, now: time.Now}
	app := &cli.App{Name: "x", Flags: append(h.OutputFlags(m), h.Flags()...), Writer: &e, ErrWriter: &e, HideHelp: true, ExitErrHandler: func(*cli.Context, error) {},
		Action: func(c *cli.Context) error {
			if err := h.CheckFlags(c); err != nil {
				return err
			}
			return h.Print(c, s, v)
		}}
	err = app.RunContext(t.Context(), append([]string{"x"}, args...))
	return o.String(), e.String(), err
}

func table() host.View {
	return host.View{Kind: "link", Object: []string{"the", "object"}, Empty: "No links found", Notes: []string{"a note"}, Next: "link status",
		Columns: []host.Column{{Title: "NAME", Name: "Name"}, {Title: "ROUTING-KEY", Name: "RoutingKey"}},
		Rows:    [][]string{{"a", "k1"}, {"long-name", "k2"}}}
}

func TestPrint(t *testing.T) {
	empty := table()
	empty.Rows = nil
	one := host.View{Kind: "site", Name: "west", Object: map[string]string{"kind": "Site"}, Fields: []host.Field{{Title: "Name", Name: "Name", Value: "west"}, {Title: "Status", Name: "Status", Value: "Ready"}}}
	change := host.View{Verb: "created", Kind: "site", Name: "west", Object: map[string]string{"name": "west"}}
	same := change
	same.Verb = "unchanged"
	lines := host.View{Lines: []string{"Site west deleted", "Link l deleted"}, Object: []string{}}
	docs := host.View{Documents: []any{map[string]string{"kind": "A"}, map[string]string{"kind": "B"}}}
	list, none := table(), empty
	list.Object, none.Object = host.List([]map[string]string{{"a": "b"}}), host.List([]map[string]string{})
	images := host.View{Columns: []host.Column{{Title: "COMPONENT", Name: "Component"}, {Title: "IMAGE", Name: "Image"}}, Rows: [][]string{{"router", "r/router:1"}}}
	tests := map[string]struct {
		manner host.Manner
		view   host.View
		args   string
		want   string
	}{
		"table":           {host.Table, table(), "", "NAME        ROUTING-KEY\na           k1\nlong-name   k2\n"},
		"no heading":      {host.Table, table(), "--noheading", "a           k1\nlong-name   k2\n"},
		"quiet":           {host.Table, table(), "-q", "a\nlong-name\n"},
		"template":        {host.Table, table(), "--format {{.Name}}={{.RoutingKey}}", "a=k1\nlong-name=k2\n"},
		"table template":  {host.Table, table(), "--format|table {{.RoutingKey}}", "ROUTING-KEY\nk1\nk2\n"},
		"without heading": {host.Table, table(), "-n|--format|table {{.RoutingKey}}", "k1\nk2\n"},
		"json format":     {host.Table, table(), "--format json", "[\n  \"the\",\n  \"object\"\n]\n"},
		"json array":      {host.Table, list, "--format json", "[\n  {\n    \"a\": \"b\"\n  }\n]\n"},
		"json of nothing": {host.Table, none, "--format json", "[]\n"},
		"json list":       {host.Table, none, "-o json", "{\n  \"apiVersion\": \"v1\",\n  \"items\": [],\n  \"kind\": \"List\"\n}\n"},
		"json":            {host.Table, table(), "-o json", "[\n  \"the\",\n  \"object\"\n]\n"},
		"yaml":            {host.Table, table(), "-o yaml", "- the\n- object\n"},
		"empty":           {host.Table, empty, "", ""},
		"empty quiet":     {host.Table, empty, "-q", ""},
		"empty template":  {host.Table, empty, "--format {{.Name}}", ""},
		"fields":          {host.Table, one, "", "Name:   west\nStatus: Ready\n"},
		"field template":  {host.Table, one, "--format {{.Status}}", "Ready\n"},
		"change":          {host.Change, change, "", "west\n"},
		"change template": {host.Change, change, "--format {{.Verb}}", "created\n"},
		"unchanged":       {host.Change, same, "", "west\n"},
		"lines":           {host.Change, lines, "", "Site west deleted\nLink l deleted\n"},
		"quiet images":    {host.Table, images, "-q", "r/router:1\n"},
		"change of many":  {host.Change, lines, "--format {{.Line}}", "Site west deleted\nLink l deleted\n"},
		"documents":       {host.Documents, docs, "", "kind: A\n---\nkind: B\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			args := strings.Split(tt.args, "|")
			if !strings.Contains(tt.args, "|") {
				args = strings.SplitN(tt.args, " ", 2)
			}
			if tt.args == "" {
				args = nil
			}
			out, remarks, err := show(t, tt.manner, tt.view, args...)
			if err != nil || out != tt.want {
				t.Errorf("got %q, %v; want %q", out, err, tt.want)
			}
			read := !strings.Contains(tt.args, "-q") && !strings.Contains(tt.args, "-o ") && !strings.Contains(tt.args, "--format") // by people
			if strings.Contains(remarks, "next: link status") != (tt.view.Next != "" && read) || strings.Contains(remarks, "No links found") != (name == "empty") ||
				tt.view.Verb == "unchanged" != strings.Contains(remarks, "site west is so already: nothing was changed") {
				t.Errorf("remarks are %q", remarks)
			}
		})
	}
}

func TestBadOutputFlags(t *testing.T) {
	for args, want := range map[string]string{
		"-o xml":                    `output is "xml"`,
		"--format {{.Name":          "no template",
		"--format x -o json":        "both",
		"-q --format x":             "both",
		"-q -o json":                "both",
		"--platform mars":           `platform is "mars", want podman, docker or linux`,
		"--engine mars":             `engine is "mars", want auto, image, embedded`,
		"--engine auto -p linux":    "on linux the router is no container",
		"-p kubernetes":             "kubectl skupper",
		"--namespace A":             `namespace is "A"`,
		"--namespace= -o x -p mars": "namespace is",
	} {
		out, _, err := show(t, host.Table, table(), strings.Fields(args)...)
		if err == nil || !strings.Contains(err.Error(), want) || out != "" {
			t.Errorf("%s: got %q, %v; want %q", args, out, err, want)
		}
	}
	if _, _, err := show(t, host.Table, table(), "--namespace=A", "-o", "x", "-p", "mars"); err == nil ||
		!strings.Contains(err.Error(), "namespace") || !strings.Contains(err.Error(), "output") || !strings.Contains(err.Error(), "platform") {
		t.Errorf("not everything at once: %v", err)
	}
}

// A field that there is not is an error, and nothing is printed, not even what came before it.
func TestTemplateOfUnknownFields(t *testing.T) {
	change := host.View{Verb: "created", Kind: "site", Name: "west"}
	for _, tt := range []struct {
		manner host.Manner
		view   host.View
		format string
		kind   fault.Kind
		want   string
	}{
		{host.Table, table(), "{{.Name}} {{.Port}}", fault.Usage, "whose fields are .Name, .RoutingKey"},
		{host.Table, table(), "table {{.Name}}\t{{.Port}}", fault.Usage, "whose fields are .Name, .RoutingKey"},
		{host.Change, change, "{{.Port}}", fault.Failed, "there are .Kind, .Name and .Verb"}, // of the flags, which the program makes a usage error
	} {
		out, _, err := show(t, tt.manner, tt.view, "--format", tt.format)
		if fault.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.want) || out != "" {
			t.Errorf("%s: got %q, %v", tt.format, out, err)
		}
	}
}

func TestProbe(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := (prober{}).Probe(t.Context(), "127.0.0.1", port); err != nil {
		t.Errorf("a server that listens: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := (prober{}).Probe(t.Context(), "127.0.0.1", port); err == nil {
		t.Error("a server that is gone answers")
	}
}

// Looking at what is not there starts nothing and makes nothing.
func TestLookingStartsNothing(t *testing.T) {
	dir := t.TempDir()
	h := New("test")
	h.getenv = func(name string) string { return map[string]string{"SKUPPER_HOME": dir + "/home"}[name] }
	for _, args := range [][]string{{"site", "status"}, {"link", "status"}, {"system", "status"}, {"listener", "status"}, {"token", "status"}} {
		var out, errs bytes.Buffer
		code := command.Main(t.Context(), h, host.Streams{Out: &out, Err: &errs}, args)
		if code != 0 && code != 4 {
			t.Errorf("%v: exit code %d: %s", args, code, errs.String())
		}
	}
	if _, err := os.Stat(dir + "/home"); err == nil {
		t.Error("it made the home")
	}
}
