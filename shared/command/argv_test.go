package command

import (
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func smallTree() []*cli.Command {
	ns := func() cli.Flag { return &cli.StringFlag{Name: "namespace"} }
	out := func() cli.Flag { return &cli.StringFlag{Name: "output", Aliases: []string{"o"}} }
	return []*cli.Command{
		{Name: "site", Subcommands: []*cli.Command{
			{Name: "create", Flags: []cli.Flag{ns(), &cli.BoolFlag{Name: "enable-link-access"}, &cli.StringFlag{Name: "timeout"}, &cli.BoolFlag{Name: "ha", Aliases: []string{"a"}}}},
			{Name: "preview", Flags: []cli.Flag{ns(), &cli.GenericFlag{Name: "dry-run", Value: new(alone)}}},
			{Name: "status", Aliases: []string{"show"}, Flags: []cli.Flag{ns(), out(), &cli.BoolFlag{Name: "noheading", Aliases: []string{"n"}}, &cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}}}},
		}},
		{Name: "token", Subcommands: []*cli.Command{
			{Name: "issue", Flags: []cli.Flag{ns(), &cli.StringFlag{Name: "redemptions-allowed"}, &cli.StringFlag{Name: "cost"}}},
		}},
		{Name: "version"},
	}
}

// alone is the value of a flag that needs none.
type alone string

func (*alone) IsBoolFlag() bool     { return true }
func (a *alone) Set(s string) error { *a = alone(s); return nil }
func (a *alone) String() string     { return string(*a) }

func TestParse(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"plain", "site create west", "site create -- west"},
		{"flag-after-operand", "token issue f.yaml --redemptions-allowed 3", "token issue --redemptions-allowed=3 -- f.yaml"},
		{"flag-between-operands", "token issue f.yaml --cost 2 g.yaml", "token issue --cost=2 -- f.yaml g.yaml"},
		{"flag-before-command", "--namespace west site create x", "site create --namespace=west -- x"},
		{"flag-between-words", "site --namespace west create x", "site create --namespace=west -- x"},
		{"short-before-command", "-o yaml site status", "site status --output=yaml"},
		{"equals", "site create --timeout=90 x", "site create --timeout=90 -- x"},
		{"equals-empty", "site create --timeout= x", "site create --timeout= -- x"},
		{"equals-twice", "site create --timeout=a=b", "site create --timeout=a=b"},
		{"bool-takes-no-value", "site create --enable-link-access west", "site create --enable-link-access=true -- west"},
		{"bool-false", "site create --enable-link-access=false west", "site create --enable-link-access=false -- west"},
		{"optional-alone", "site preview --dry-run x", "site preview --dry-run=true -- x"},
		{"optional-value", "site preview --dry-run=server x", "site preview --dry-run=server -- x"},
		{"optional-before-command", "--dry-run=server site preview", "site preview --dry-run=server"},
		{"short-value-attached", "site status -oyaml", "site status --output=yaml"},
		{"short-value-equals", "site status -o=yaml", "site status --output=yaml"},
		{"short-group", "site status -nq x", "site status --noheading=true --quiet=true -- x"},
		{"short-group-with-value", "site status -nqo json", "site status --noheading=true --quiet=true --output=json"},
		{"short-group-value-attached", "site status -nojson", "site status --noheading=true --output=json"},
		{"alias-of-command", "site show", "site status"},
		{"repeated", "site status -o json -o yaml", "site status --output=json --output=yaml"},
		{"dash-is-operand", "token issue -", "token issue -- -"},
		{"dashes-end-flags", "token issue -- --cost 3", "token issue -- --cost 3"},
		{"dashes-twice", "token issue -- -- x", "token issue -- -- x"},
		{"dashes-before-command", "-- token issue x", "token issue -- x"},
		{"dashes-last", "token issue x --", "token issue -- x"},
		{"value-is-dash", "token issue --cost - x", "token issue --cost=- -- x"},
		{"value-is-negative", "token issue --cost -1 x", "token issue --cost=-1 -- x"},
		{"value-is-dashes", "token issue --cost -- x", "token issue --cost=-- -- x"},
		{"operand-named-as-command", "token issue token", "token issue -- token"},
		{"operand-help", "token issue help", "token issue -- help"},
		{"help-long", "site create --help", "site create help"},
		{"help-short", "site create x -h", "site create -- x help"},
		{"help-in-group", "site status -qh", "site status --quiet=true help"},
		{"help-after-dashes", "site create -- --help", "site create -- --help"},
		{"help-command", "help site create", "site create help"},
		{"help-group", "site --help", "site help"},
		{"help-alone", "help", "help"},
		{"nothing", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := parse(smallTree(), strings.Fields(tc.in))
			if l.faults != nil {
				t.Fatalf("%q: %v", tc.in, l.faults)
			}
			got := l.words
			if l.leaf() != nil {
				got = l.argv("p")[1:]
			}
			if l.help {
				got = append(slices.Clone(got), "help")
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("%q: got %q, want %q", tc.in, strings.Join(got, " "), tc.want)
			}
		})
	}
}

func TestParseFaults(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"unknown-command", "sitte create", `unknown command "sitte", did you mean "site"?`},
		{"unknown-command-alone", "xyzzy", `unknown command "xyzzy"`},
		{"unknown-below-group", "site crate x", `unknown command "crate", did you mean "create"?`},
		{"unknown-beginning", "site stat", `unknown command "stat", did you mean "status"?`},
		{"unknown-flag", "site create --bogus", `unknown flag --bogus`},
		{"typo-in-flag", "token issue --redemption-allowed 3 f", `unknown flag --redemption-allowed, did you mean --redemptions-allowed?`},
		{"swapped-letters", "site create --timeuot 3", `unknown flag --timeuot, did you mean --timeout?`},
		{"flag-of-other-command", "--cost 3 site create", `unknown flag --cost`},
		{"flag-before-unknown", "--bogus site create", `unknown flag --bogus`},
		{"short-unknown", "site create -x", `unknown flag -x`},
		{"short-unknown-in-group", "site status -qx", `unknown flag -x in -qx`},
		{"one-letter-long", "site status --n", `unknown flag --n`},
		{"long-without-name", "site status --=x", `unknown flag --`},
		{"no-value", "token issue --cost", `flag --cost needs a value`},
		{"no-value-short", "site status -o", `flag -o needs a value`},
		{"value-is-a-flag", "site create --timeout --enable-link-access x", `flag --timeout needs a value, but the flag --enable-link-access follows (write --timeout=--enable-link-access if that is the value)`},
		{"value-is-help", "site create --timeout --help x", `flag --timeout needs a value, but the flag --help follows (write --timeout=--help if that is the value)`},
		{"bool-with-word", "site create --enable-link-access=maybe", `--enable-link-access is "maybe", want true or false`},
		{"two-at-once", "site create --bogus --enable-link-access=x", `unknown flag --bogus; --enable-link-access is "x", want true or false`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := parse(smallTree(), strings.Fields(tc.in))
			if l.faults == nil || l.faults.Error() != tc.want {
				t.Errorf("%q: got %v, want %v", tc.in, l.faults, tc.want)
			}
		})
	}
}

func TestNearestIsBounded(t *testing.T) {
	for n, want := range map[int]string{maxTyped - 1: "", maxTyped: "", maxTyped + 1: ""} {
		if got := nearest(strings.Repeat("x", n), []string{"create"}); got != want {
			t.Errorf("%d letters: got %q", n, got)
		}
	}
	if got := nearest(strings.Repeat("a", maxTyped), []string{strings.Repeat("a", maxTyped-1) + "b"}); got == "" {
		t.Errorf("a slip in %d letters is not found", maxTyped)
	}
	if got := nearest(strings.Repeat("a", maxTyped+1), []string{strings.Repeat("a", maxTyped) + "b"}); got != "" {
		t.Errorf("%d letters are compared", maxTyped+1)
	}
}

// FuzzParse checks that no word is lost or made up: what parse accepts, it accepts again in the form it gives, unchanged.
func FuzzParse(f *testing.F) {
	f.Add("site status -nqo json x -- --y")
	f.Add("--namespace=west token issue f --cost 2 -")
	f.Add("help site -")
	f.Fuzz(func(t *testing.T, s string) {
		words := strings.Split(s, " ")
		l := parse(smallTree(), words)
		if l.faults != nil || l.leaf() == nil || l.help {
			return
		}
		once := l.argv("p")
		again := parse(smallTree(), once[1:])
		if again.faults != nil || again.help || !slices.Equal(again.argv("p"), once) {
			t.Errorf("%q became %q, then %q (%v)", words, once, again.argv("p"), again.faults)
		}
	})
}
