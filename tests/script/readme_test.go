package script

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/tests/sandbox"
)

const (
	readme = "../../README.md"
	begin  = "<!-- commands: made by go test ./script -run Readme -update -->\n"
	end    = "<!-- end of commands -->\n"
)

// TestReadmeCommands compares the table of commands with what the program says of itself: a command that is renamed and
// one that is new change it. With -update it writes the table.
func TestReadmeCommands(t *testing.T) {
	program, err := sandbox.Build(t.Context(), t.TempDir(), "plugins/podman-skupper")
	if err != nil {
		t.Fatal(err)
	}
	help, err := exec.CommandContext(t.Context(), program, "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	want, err := table(string(help))
	if err != nil {
		t.Fatal(err)
	}
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

// table makes the rows out of the help of the program: groups begin a line, their commands are below them, indented.
func table(help string) (string, error) {
	rows, in := "| command | what it does |\n|---|---|\n", ""
	n := 0
	for _, line := range strings.Split(help, "\n") {
		if m := group.FindStringSubmatch(line); m != nil {
			in = m[1] + " "
		} else if line == "others:" {
			in = ""
		} else if m := command.FindStringSubmatch(line); m != nil {
			rows += fmt.Sprintf("| `%s%s` | %s |\n", in, m[1], strings.ReplaceAll(m[2], "|", `\|`))
			n++
		}
	}
	if n < 10 {
		return "", fmt.Errorf("the help has %d commands that can be made out, want 10 or more:\n%s", n, help)
	}
	return rows, nil
}
