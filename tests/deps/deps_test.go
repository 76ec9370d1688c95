package deps

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestImports checks the workspace as it is, for each operating system we build for: build tags hide imports.
func TestImports(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "GOWORK="+filepath.Join(root, "go.work"), "GOFLAGS=-buildvcs=false") // also when the tests run with GOWORK=off
	for _, goos := range []string{"linux", "darwin", "windows"} {
		t.Run(goos, func(t *testing.T) {
			t.Parallel()
			g, err := Load(t.Context(), root, goos, env)
			if err != nil {
				t.Fatal(err)
			}
			for _, fault := range Check(g, Rules) {
				t.Error(fault)
			}
		})
	}
}

// sample is a little workspace: cli → op → fault, and op reaches cobra by way of a package of others.
func sample() Graph {
	return Graph{
		Suite + "/cli":   {Suite + "/op", "os"},
		Suite + "/op":    {Suite + "/fault", "example.net/mid"},
		Suite + "/fault": {"errors"},
		"example.net/mid": {
			"example.net/far/cobra",
		},
		"example.net/far/cobra": {"os"},
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		rule Rule
		want []string // a part of each fault
	}{
		{"kept", Rule{From: []string{"./fault"}, Forbid: []string{"./op", "./cli"}, Allow: []string{}, StdOnly: true, Reason: "leaf"}, nil},
		{"forbidden, directly", Rule{From: []string{"./cli"}, Forbid: []string{"./op"}, Reason: "why not"},
			[]string{"cli must not import op: why not\n  it does: cli → op"}},
		{"forbidden, by way of others", Rule{From: []string{"./cli"}, Forbid: []string{"example.net/far/..."}, Reason: "big"},
			[]string{"it does: cli → op → example.net/mid → example.net/far/cobra"}},
		{"standard package", Rule{From: []string{"./..."}, Except: []string{"./cli"}, Forbid: []string{"os"}, Reason: "pure"},
			[]string{"op must not import os"}},
		{"not allowed", Rule{From: []string{"./op"}, Allow: []string{}, Reason: "leaf"}, []string{"op must not import fault"}},
		{"allowed", Rule{From: []string{"./op"}, Allow: []string{"./fault"}, Reason: "leaf"}, nil},
		{"only the standard library", Rule{From: []string{"./op"}, StdOnly: true, Reason: "small"}, []string{"op must not import example.net/mid"}},
		{"excepted", Rule{From: []string{"./..."}, Except: []string{"./cli"}, Forbid: []string{"./op"}, Reason: "x"}, nil},
		{"prefix is not a tree", Rule{From: []string{"./cli"}, Forbid: []string{"example.net/fa/..."}, Reason: "x"}, nil},
		{"guarded package gone", Rule{From: []string{"./verbs"}, Forbid: []string{"./fault"}, Reason: "x"},
			[]string{"stale rule: no package matches ./verbs"}},
		{"forbidden package gone", Rule{From: []string{"./op"}, Forbid: []string{"./host/..."}, Reason: "x"},
			[]string{"stale rule: no package matches ./host/..."}},
		{"others' package nobody uses", Rule{From: []string{"./op"}, Forbid: []string{"example.net/other"}, Reason: "x"}, nil},
		{"planned", Rule{From: []string{"./op"}, Forbid: []string{"./host"}, Reason: "x", Planned: true}, nil},
		{"planned, and here", Rule{From: []string{"./op"}, Forbid: []string{"./cli"}, Reason: "x", Planned: true},
			[]string{"marked planned, but all it names exists now"}},
		{"planned, and partly broken", Rule{From: []string{"./cli"}, Forbid: []string{"./op", "./host"}, Reason: "x", Planned: true},
			[]string{"cli must not import op"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Check(sample(), []Rule{c.rule})
			ok := len(got) == len(c.want)
			for i := range c.want {
				ok = ok && strings.Contains(got[i], c.want[i])
			}
			if !ok {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestRulesAreReasoned keeps the table honest: a rule that forbids nothing or does not say why is no rule.
func TestRulesAreReasoned(t *testing.T) {
	for i, r := range Rules {
		if len(r.From) == 0 || r.Reason == "" || len(r.Forbid) == 0 && r.Allow == nil && !r.StdOnly {
			t.Errorf("rule %d on %v has no guarded package, no reason or nothing it forbids", i, r.From)
		}
		if slices.Contains(r.Forbid, "./...") {
			t.Errorf("rule %d on %v forbids everything", i, r.From)
		}
	}
}
