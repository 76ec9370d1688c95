package command

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// shown turns commands as shared code names them (`token status NAME`) into what the user would type.
type shown struct {
	host string // the words by which the host is called
	here string // flags that say where this site is
	top  []*cli.Command
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
	return text + s.here
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
