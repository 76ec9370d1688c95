package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func suggestCommand(cmds []*cli.Command, typed string) string {
	var names []string
	for _, c := range cmds {
		if !c.Hidden {
			names = append(names, c.Names()...)
		}
	}
	if s := nearest(typed, names); s != "" {
		return fmt.Sprintf(", did you mean %q?", s)
	}
	return ""
}

func suggestFlag(flags []cli.Flag, typed string) string {
	var names []string
	for _, f := range flags {
		if v, ok := f.(cli.VisibleFlag); ok && !v.IsVisible() {
			continue
		}
		for _, n := range f.Names() {
			if len(n) > 1 {
				names = append(names, n)
			}
		}
	}
	s := nearest(typed, names)
	if typed == "n" && slices.Contains(names, "namespace") { // as kubectl has it
		s = "namespace"
	}
	if s != "" {
		return ", did you mean --" + s + "?"
	}
	return ""
}

// maxTyped bounds what is compared: nothing longer is a slip of the fingers.
const maxTyped = 64

// nearest is the name that typed was probably meant to be, the first of the best, or empty: at most one slip in three
// letters, where a slip is a letter too many, too few, wrong, or swapped with its neighbour. A beginning of a name counts too.
func nearest(typed string, names []string) string {
	if len(typed) < 2 || len(typed) > maxTyped {
		return ""
	}
	best, slips := "", max(1, len(typed)/3)+1
	for _, n := range names {
		d := distance(typed, n)
		if len(typed) >= 3 && strings.HasPrefix(n, typed) {
			d = 1
		}
		if d < slips {
			best, slips = n, d
		}
	}
	return best
}

// distance counts the slips between two words (optimal string alignment).
func distance(a, b string) int {
	before, last, this := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		this[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			this[j] = min(last[j]+1, this[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				this[j] = min(this[j], before[j-2]+1)
			}
		}
		before, last, this = last, this, before
	}
	return last[len(b)]
}
