package command

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// shown turns commands as shared code names them (`token status NAME`) into what the user would type.
type shown struct {
	host string     // the words by which the host is called
	here []hereFlag // what says where this site is
	top  []*cli.Command
	own  bool // the line is of a command that is in no group
}

// qualify completes the commands named in a text: those in backquotes, and a text that is nothing but a command.
func (s shown) qualify(text string) string {
	if s.isCommand(text) {
		return s.command(text)
	}
	parts := strings.Split(text, "`")
	if len(parts)%2 == 0 {
		return text // an odd backquote: no way to tell
	}
	for i := 1; i < len(parts); i += 2 {
		if s.isCommand(parts[i]) {
			parts[i] = s.command(parts[i])
		} else {
			parts[i] = "`" + parts[i] + "`"
		}
	}
	return strings.Join(parts, "")
}

func (s shown) command(text string) string {
	text = s.host + " " + text
	switch {
	case strings.HasSuffix(text, "--help"):
		return text
	case strings.Contains(text, " token issue "): // it is the other site that has to issue one
		return text
	}
	return text + s.carry(text)
}

// carry is the flags that a command needs to be about this site. What it says itself it does not need, and a command in no group,
// such as one that makes sites possible at all, is about a site's namespace only to those who have named that for such a command.
func (s shown) carry(text string) string {
	var more strings.Builder
	for _, f := range s.here {
		if strings.Contains(text+" ", " --"+f.name+" ") || f.name == "namespace" && !s.own && s.groupless(text) {
			continue
		}
		more.WriteString(f.text)
	}
	return more.String()
}

func (s shown) groupless(text string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(text, s.host+" "), " ")
	for _, c := range s.top {
		if c.Name == name {
			return len(c.Subcommands) == 0
		}
	}
	return false
}

func (s shown) isCommand(text string) bool {
	first, rest, _ := strings.Cut(text, " ")
	if text == "--help" {
		return true
	}
	for _, c := range s.top {
		if c.Name != first {
			continue
		}
		if len(c.Subcommands) == 0 {
			return rest == "" || strings.HasPrefix(rest, "-")
		}
		second, _, _ := strings.Cut(rest, " ")
		if second == "--help" {
			return true
		}
		for _, sub := range c.Subcommands {
			if sub.Name == second {
				return true
			}
		}
	}
	return false
}
