package deps

import (
	"fmt"
	"slices"
	"strings"
)

// Rule forbids an import direction. Patterns are import paths below Suite when they begin with "./", else whole import
// paths; one that ends in "/..." means the path and everything below it.
type Rule struct {
	From    []string // the guarded packages
	Forbid  []string // what they must not reach, directly or by way of others
	Except  []string // packages in From that the rule does not guard
	Allow   []string // if not nil: of our own packages only these, and those of From, may be reached
	StdOnly bool     // of what others publish nothing but the standard library may be reached
	Reason  string   // why, printed when the rule is broken
	Planned bool     // something the rule names has not been written yet: it must not exist, so that the mark does not outlive it
}

// Check returns one text per broken or stale rule, in the order of the rules.
func Check(g Graph, rules []Rule) []string {
	var faults []string
	for _, r := range rules {
		stale := r.stale(g)
		switch {
		case r.Planned && len(stale) == 0:
			faults = append(faults, fmt.Sprintf("the rule on %s is marked planned, but all it names exists now: drop the mark", strings.Join(r.From, ", ")))
		case !r.Planned:
			for _, p := range stale {
				faults = append(faults, fmt.Sprintf("stale rule: no package matches %s (rule on %s: %s); rename it here or remove it", p, strings.Join(r.From, ", "), r.Reason))
			}
		}
		faults = append(faults, r.broken(g)...)
	}
	return faults
}

// stale returns the patterns of ours that no package matches. What others publish may be forbidden before anybody uses it.
func (r Rule) stale(g Graph) []string {
	var gone []string
	for _, p := range slices.Concat(r.From, r.Forbid, r.Except, r.Allow) {
		if !strings.HasPrefix(p, "./") || slices.Contains(gone, p) {
			continue
		}
		found := false
		for path := range g {
			found = found || matches(p, path)
		}
		if !found {
			gone = append(gone, p)
		}
	}
	return gone
}

func (r Rule) broken(g Graph) []string {
	var paths []string
	for path := range g {
		if ours(path) && anyMatches(r.From, path) && !anyMatches(r.Except, path) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	forbidden := func(p string) bool {
		_, notStd := g[p]
		return anyMatches(r.Forbid, p) ||
			r.Allow != nil && ours(p) && !anyMatches(r.Allow, p) && !anyMatches(r.From, p) ||
			r.StdOnly && notStd && !ours(p)
	}
	var faults []string
	for _, from := range paths {
		if chain := g.Path(from, forbidden); chain != nil {
			for i := range chain {
				chain[i] = strings.TrimPrefix(chain[i], Suite+"/")
			}
			faults = append(faults, fmt.Sprintf("%s must not import %s: %s\n  it does: %s",
				chain[0], chain[len(chain)-1], r.Reason, strings.Join(chain, " → ")))
		}
	}
	return faults
}

func anyMatches(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, path) })
}

func matches(pattern, path string) bool {
	if rest, ok := strings.CutPrefix(pattern, "./"); ok {
		pattern = Suite + "/" + rest
	}
	if tree, ok := strings.CutSuffix(pattern, "/..."); ok {
		return path == tree || strings.HasPrefix(path, tree+"/")
	}
	return path == pattern
}
