package script

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/tests/sandbox"
)

const (
	readme = "../../README.md"
	begin  = "<!-- commands: made by go test ./script -run Readme -update -->\n"
	end    = "<!-- end of commands -->\n"
)

// TestReadmeCommands compares the table of commands with what the programs say of themselves: a command that is renamed and
// one that is new change it. With -update it writes the table.
func TestReadmeCommands(t *testing.T) {
	bin := t.TempDir()
	var all [][]row
	for _, plugin := range []string{"plugins/kubectl-skupper", "plugins/podman-skupper"} {
		program, err := sandbox.Build(t.Context(), bin, plugin)
		if err != nil {
			t.Fatal(err)
		}
		help, err := exec.CommandContext(t.Context(), program, "--help").Output()
		if err != nil {
			t.Fatal(err)
		}
		rows, err := rowsOf(string(help))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rows)
	}
	want := table(all[0], all[1])
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), begin)
	got, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("README.md has no part between %q and %q", begin, end)
	}
	switch {
	case got == want:
	case *update:
		if err := os.WriteFile(readme, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the commands in README.md are not those of the program, which are\n%s\nnext: go test ./script -run Readme -update", want)
	}
}

var (
	group   = regexp.MustCompile(`^([a-z]+): \S`)
	command = regexp.MustCompile(`^  (\S+(?: \S+)*) {3,}(\S.*)$`)
)

// row is one command.
type row struct{ command, usage string }

// rowsOf reads the help of a program: groups begin a line, their commands are below them, indented.
func rowsOf(help string) (rows []row, err error) {
	in := ""
	for _, line := range strings.Split(help, "\n") {
		if m := group.FindStringSubmatch(line); m != nil {
			in = m[1] + " "
		} else if line == "others:" {
			in = ""
		} else if m := command.FindStringSubmatch(line); m != nil {
			rows = append(rows, row{in + m[1], strings.ReplaceAll(m[2], "|", `\|`)})
		}
	}
	if len(rows) < 10 {
		return nil, fmt.Errorf("the help has %d commands that can be made out, want 10 or more:\n%s", len(rows), help)
	}
	return rows, nil
}

// table has the commands of both plugins, and says of each that one of them lacks which has it.
func table(kubectl, podman []row) string {
	text := "| command | | what it does |\n|---|---|---|\n"
	write := func(r row, only string) { text += fmt.Sprintf("| `%s` | %s | %s |\n", r.command, only, r.usage) }
	for _, r := range podman {
		if slices.Contains(kubectl, r) {
			write(r, "")
		} else {
			write(r, "podman")
		}
	}
	for _, r := range kubectl {
		if !slices.Contains(podman, r) {
			write(r, "kubectl")
		}
	}
	return text
}
