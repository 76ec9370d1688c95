package command

import (
	"slices"
	"strings"
)

// carried are the flags of hosts that say where a site is. Commands that are shown to the user have those that were given, so
// that they can be run as they stand.
func carried(flag string) bool {
	return slices.Contains([]string{"namespace", "platform", "context", "kubeconfig"}, flag)
}

// here is the carried flags of a line, ready to follow a command: " --namespace east".
func (l *line) here() string {
	leaf := l.leaf()
	if leaf == nil {
		return ""
	}
	var text string
	for _, g := range l.flags {
		if f := flagOf(leaf.Flags, g.name); f != nil && carried(f.Names()[0]) {
			text += " --" + f.Names()[0] + " " + quoted(g.value)
		}
	}
	return text
}

func (s *session) here() string {
	var text string
	for _, f := range s.c.Command.Flags {
		if name := f.Names()[0]; carried(name) && s.c.IsSet(name) {
			text += " --" + name + " " + quoted(s.c.String(name))
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
		text += " " + quoted(w)
	}
	return text
}

// quoted is a word that a shell takes as it is.
func quoted(w string) string {
	if w == "" || strings.ContainsFunc(w, needsQuotes) {
		return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return w
}

func needsQuotes(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,~", r) || r > 0x7f)
}
