package command

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/host"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestHelp compares the help of every command with golden text, for a host with everything a cluster has and for a local one.
func TestHelp(t *testing.T) {
	for name, h := range map[string]host.Host{"cluster": cluster(), "local": local()} {
		t.Run(name, func(t *testing.T) {
			var text strings.Builder
			var walk func(words []string, cmds []*cli.Command)
			show := func(words []string) {
				r := call(t, h, "", append(words, "--help")...)
				if r.code != 0 || r.err != "" {
					t.Errorf("%q --help: %+v", words, r)
				}
				text.WriteString("$ " + strings.Join(append([]string{h.Command()}, words...), " ") + " --help\n" + r.out + "\n")
			}
			walk = func(words []string, cmds []*cli.Command) {
				show(words)
				for _, c := range cmds {
					walk(append(words[:len(words):len(words)], c.Name), c.Subcommands)
				}
			}
			walk(nil, Tree(h, host.Streams{}))
			golden(t, filepath.Join("testdata", "help-"+name+".txt"), text.String())
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test -update writes it anew. Got:\n%s", file, got)
	}
}

func TestHelpIsTheSameHoweverItIsAskedFor(t *testing.T) {
	want := call(t, local(), "", "site", "create", "--help")
	for _, words := range []string{"help site create", "site create -h", "--help site create", "site create x --timeout 5 --help", "site create --bogus -h", "site -h create"} {
		if got := call(t, local(), "", strings.Fields(words)...); got != want {
			t.Errorf("%q: %+v", words, got)
		}
	}
	if top := call(t, local(), ""); top.code != 0 || top != call(t, local(), "", "--help") || !strings.Contains(top.out, "site: the place") {
		t.Errorf("alone: %+v", top)
	}
}

// TestHelpIsComplete keeps every flag explained, in one line.
func TestHelpIsComplete(t *testing.T) {
	var walk func(cmds []*cli.Command)
	walk = func(cmds []*cli.Command) {
		for _, c := range cmds {
			if c.Usage == "" {
				t.Errorf("%s has no usage", c.Name)
			}
			seen := map[string]bool{}
			for _, f := range c.Flags {
				d, ok := f.(cli.DocGenerationFlag)
				if !ok || d.GetUsage() == "" || strings.Contains(d.GetUsage(), "\n") || d.TakesValue() != (strings.Count(d.GetUsage(), "`") == 2) {
					t.Errorf("%s: flag %s is explained as %q", c.Name, f.Names()[0], d.GetUsage())
				}
				for _, n := range f.Names() {
					if seen[n] {
						t.Errorf("%s: flag %s is there twice", c.Name, n)
					}
					seen[n] = true
				}
			}
			walk(c.Subcommands)
		}
	}
	walk(Tree(local(), host.Streams{}))
	walk(Tree(cluster(), host.Streams{}))
}
