package podmanhost

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

func services() host.View {
	type o = map[string]string
	return host.View{Kind: "listener", Object: host.List([]o{{"n": "web"}, {"n": "db"}, {"n": "cache"}}), Empty: "No listeners found", Next: "x",
		Columns: []host.Column{{Title: "NAME", Name: "Name"}, {Title: "ROUTING-KEY", Name: "RoutingKey"}, {Title: "PORT", Name: "Port"}, {Title: "STATUS", Name: "Status"}},
		Rows:    [][]string{{"web", "k", "8080", "Ready"}, {"db", "k", "900", "Pending"}, {"cache", "c", "9", "Ready"}}}
}

func TestNarrow(t *testing.T) {
	for name, tt := range map[string]struct{ args, want string }{
		"all":            {"-q", "web db cache"},
		"sort":           {"-q --sort name", "cache db web"},
		"sort number":    {"-q --sort PORT", "cache db web"},
		"stable":         {"-q --sort routing_key", "cache web db"},
		"filter":         {"-q --filter status=ready", "web cache"},
		"name":           {"-q --filter name=^(w|d)", "web db"},
		"any":            {"-q -f name=web -f name=cache", "web cache"},
		"all of":         {"-q --filter status=Ready --filter routing-key=k", "web"},
		"several, comma": {"-q --filter status=ready,status=pending", "web db cache"},
		"template":       {"--filter RoutingKey=c --format {{.Name}}", "cache"},
		"no match":       {"-q --filter name=x", ""},
		"table, none":    {"--filter port=1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, remarks, err := show(t, host.Table, services(), strings.Fields(tt.args)...)
			if err != nil || strings.Join(strings.Fields(out), " ") != tt.want {
				t.Errorf("got %q, %v", out, err)
			}
			if name == "table, none" && !strings.Contains(remarks, "none of 3 fits the filter") {
				t.Errorf("said %q", remarks)
			}
		})
	}
	if out, _, err := show(t, host.Table, services(), "--format", "json", "--filter", "name=db"); err != nil || !strings.Contains(out, `"n": "db"`) || strings.Contains(out, "web") {
		t.Errorf("json: %s, %v", out, err)
	}
	for args, want := range map[string]string{
		"--filter status":   `filter is "status", want COLUMN=VALUE`,
		"--filter name=(":   `is no regular expression`,
		"--filter colour=1": `filter names "colour", and the columns are name, routing-key, port, status`,
		"--sort colour":     `sort names "colour"`,
	} {
		if out, _, err := show(t, host.Table, services(), strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) || out != "" {
			t.Errorf("%s: %q, %v", args, out, err)
		} else if strings.Contains(want, "names") && !fault.Is(err, fault.Usage) {
			t.Errorf("%s: kind %v", args, fault.KindOf(err))
		}
	}
	one := services()
	one.Fields = []host.Field{{Title: "Name", Name: "Name", Value: "web"}}
	if out, _, err := show(t, host.Table, one, "--filter", "name=db"); err != nil || !strings.Contains(out, "web") {
		t.Errorf("a single one: %q, %v", out, err)
	}
}

// A row that leaves the filter is shown once as it is then; what never fitted is not.
func TestFollowNarrowed(t *testing.T) {
	type o = map[string]string
	view := func(web, db string) host.View {
		v := services()
		v.Rows = [][]string{{"web", "k", "8080", web}, {"db", "k", "900", db}}
		v.Object = host.List([]o{{"n": "web", "s": web}, {"n": "db", "s": db}})
		return v
	}
	gone := view("", "Pending")
	gone.Rows, gone.Object = gone.Rows[1:], host.List([]o{{"n": "db", "s": "Pending"}})
	h := Host{getenv: func(string) string { return "" }, now: time.Now}
	for _, format := range []string{"", "-q"} {
		var out, errs bytes.Buffer
		app := &cli.App{Name: "x", Flags: h.OutputFlags(host.Table), HideHelp: true, Action: func(c *cli.Context) error {
			follow := h.Follow(c, host.Streams{Out: &out, Err: &errs})
			for _, v := range []host.View{view("Pending", "Pending"), view("Ready", "Pending"), view("Error", "Pending"), view("Pending", "Pending"), view("Ready", "Pending"), gone} {
				if err := follow(v); err != nil {
					return err
				}
				out.WriteString("|")
			}
			return nil
		}}
		args := append([]string{"x", "--watch", "--noheading", "--filter", "status=ready"}, strings.Fields(format)...)
		if err := app.RunContext(t.Context(), args); err != nil {
			t.Fatal(err)
		}
		want := "|web k 8080 Ready|web k 8080 Error||web k 8080 Ready|web k 8080 Deleted|"
		if format == "-q" {
			want = "|web|web||web|web|"
		}
		if got := strings.ReplaceAll(strings.Join(strings.Fields(out.String()), " "), "| ", "|"); strings.ReplaceAll(got, " |", "|") != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if format == "" && !strings.Contains(errs.String(), "none of 2 fits the filter") {
			t.Errorf("said %q", errs.String())
		}
	}
}
