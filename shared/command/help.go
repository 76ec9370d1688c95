package command

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/host"
)

const exitCodes = "Exit codes: 0 done, 1 failed, 2 usage, 3 not ready in time, 4 not found, 5 denied or expired, 6 conflict"

// exitCodesOf are those that commands of a host end with.
func exitCodesOf(h host.Host) string {
	if h.Capabilities().System {
		return exitCodes + ", 125 container engine"
	}
	return exitCodes
}

// writeHelp shows the help of what the line names: the whole tree, a group or a command.
func writeHelp(w io.Writer, h host.Host, top []*cli.Command, l line) error {
	var b strings.Builder
	words := strings.TrimSpace(h.Command() + " " + strings.Join(l.words, " "))
	switch {
	case len(l.path) == 0:
		fmt.Fprintf(&b, "Usage: %s COMMAND [flags]\n\nLink sites into one application network, and reach services across it.\n", words)
		helpTree(&b, top)
		fmt.Fprintf(&b, "\nFlags may stand anywhere. %s COMMAND --help tells more.\n%s\n", words, exitCodesOf(h))
	case l.leaf() == nil:
		group := l.path[len(l.path)-1]
		fmt.Fprintf(&b, "Usage: %s COMMAND [flags]\n\n%s.\n\nCommands:\n", words, sentence(group.Usage))
		helpCommands(&b, group.Subcommands)
		fmt.Fprintf(&b, "\n%s COMMAND --help tells more.\n", words)
	default:
		helpLeaf(&b, words, l.leaf(), exitCodesOf(h))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func helpTree(b *strings.Builder, top []*cli.Command) {
	var single []*cli.Command
	for _, c := range top {
		switch {
		case c.Hidden:
		case len(c.Subcommands) == 0:
			single = append(single, c)
		default:
			fmt.Fprintf(b, "\n%s: %s\n", c.Name, c.Usage)
			helpCommands(b, c.Subcommands)
		}
	}
	if len(single) > 0 {
		b.WriteString("\nothers:\n")
		helpCommands(b, single)
	}
}

// commandRows are the commands with what they do, those of groups within groups with the group's name.
func commandRows(group string, cmds []*cli.Command) (rows [][2]string) {
	for _, c := range cmds {
		switch {
		case c.Hidden:
		case len(c.Subcommands) > 0:
			rows = append(rows, commandRows(group+c.Name+" ", c.Subcommands)...)
		default:
			rows = append(rows, [2]string{strings.TrimSpace(group + c.Name + " " + c.ArgsUsage), c.Usage})
		}
	}
	return rows
}

func helpCommands(b *strings.Builder, cmds []*cli.Command) {
	helpRows(b, commandRows("", cmds))
}

func helpLeaf(b *strings.Builder, words string, c *cli.Command, codes string) {
	fmt.Fprintf(b, "Usage: %s [flags]\n\n%s.\n", strings.TrimSpace(words+" "+c.ArgsUsage), sentence(c.Usage))
	if c.Description != "" {
		fmt.Fprintf(b, "%s\n", c.Description)
	}
	if c.UsageText != "" {
		fmt.Fprintf(b, "\nExample:\n  %s\n", c.UsageText)
	}
	var rows [][2]string
	for _, f := range c.Flags {
		if v, ok := f.(cli.VisibleFlag); !ok || v.IsVisible() {
			rows = append(rows, helpFlag(f))
		}
	}
	if len(rows) > 0 {
		b.WriteString("\nFlags:\n")
		helpRows(b, rows)
	}
	fmt.Fprintf(b, "\n%s\n", codes)
}

// helpFlag is "-o, --output FORMAT" and what it does. The value's name stands in backquotes in the flag's usage.
func helpFlag(f cli.Flag) [2]string {
	var short, long []string
	for _, n := range f.Names() {
		if utf8.RuneCountInString(n) == 1 {
			short = append(short, "-"+n)
		} else {
			long = append(long, "--"+n)
		}
	}
	left := strings.Join(append(short, long...), ", ")
	if len(short) == 0 {
		left = "    " + left
	}
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return [2]string{left, ""}
	}
	value, text := "VALUE", d.GetUsage()
	if parts := strings.SplitN(text, "`", 3); len(parts) == 3 {
		value, text = parts[1], parts[0]+parts[1]+parts[2]
	}
	if g, ok := f.(*cli.GenericFlag); ok && !takesValue(g) {
		return [2]string{left + "[=" + value + "]", text}
	}
	if !d.TakesValue() {
		return [2]string{left, text}
	}
	if v := d.GetValue(); v != "" && v != "[]" {
		text += fmt.Sprintf(" (default %s)", v)
	}
	return [2]string{left + " " + value, text}
}

func helpRows(b *strings.Builder, rows [][2]string) {
	width := 0
	for _, r := range rows {
		width = max(width, utf8.RuneCountInString(r[0]))
	}
	for _, r := range rows {
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(r[0]))
		b.WriteString(strings.TrimRight("  "+r[0]+pad+"   "+r[1], " "))
		b.WriteByte('\n')
	}
}

func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
