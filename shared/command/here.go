package command

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

// carried are the flags of hosts that say where a site is. Commands that are shown to the user have those that were given, so
// that they can be run as they stand.
func (t *tree) carried(flag string) bool {
	return slices.Contains([]string{"namespace", "platform", "context", "kubeconfig"}, flag) || slices.Contains(t.can.Carried, flag)
}

// hereFlag is a carried flag of a line, with its text ready to follow a command: " --namespace east".
type hereFlag struct{ name, text string }

func (t *tree) here(l line) (all []hereFlag) {
	leaf := l.leaf()
	if leaf == nil {
		return nil
	}
	for _, g := range l.flags {
		if f := flagOf(leaf.Flags, g.name); f != nil && t.carried(f.Names()[0]) {
			all = append(all, hereFlag{f.Names()[0], flagWord(f, g.value)})
		}
	}
	return all
}

// flagWord is a flag as the user types it, behind other words.
func flagWord(f cli.Flag, value string) string {
	if _, ok := f.(*cli.BoolFlag); ok {
		return " --" + f.Names()[0] + "=" + value
	}
	return " --" + f.Names()[0] + " " + host.Quote(value)
}

func (s *session) here() string {
	var text string
	for _, f := range s.c.Command.Flags {
		if name := f.Names()[0]; s.carried(name) && s.c.IsSet(name) {
			text += flagWord(f, fmt.Sprint(s.c.Value(name)))
		}
	}
	return text
}

// next is a command to run next at this site, as the user would type it.
func (s *session) next(words ...string) string { return s.elsewhere(words...) + s.here() }

// elsewhere is a command to run next at another site.
func (s *session) elsewhere(words ...string) string {
	text := s.host.Command()
	for _, w := range words {
		text += " " + host.Quote(w)
	}
	return text
}

// instead is what to do where a listing has nothing, empty if it has something or if that is not ours to say.
func (s *session) instead(noSite bool, n int, words ...string) string {
	switch {
	case !s.can.System:
		return ""
	case noSite:
		return s.next("site", "create", "NAME")
	case n == 0:
		return s.next(words...)
	}
	return ""
}

// settling shows a listener or connector that was made; where it does not work yet, the next step is to look at it again.
func (s *session) settling(did op.Changed, w op.Wait) host.View {
	v := changed(did)
	if did.Object == nil || !s.can.System || w.For == op.WaitNone || len(did.Notes) > 0 {
		return v
	}
	if st := v2alpha1.StatusOf(did.Object); st != nil && st.StatusType == v2alpha1.StatusPending {
		v.Notes = append(v.Notes, v.Kind+" "+did.Name+" is not in use yet: "+st.Message)
		v.Next = s.next(op.Noun(did.Kind), "status", did.Name)
	}
	return v
}
