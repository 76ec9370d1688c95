//go:build podman

package podman

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// Listings are as Podman's own: two volumes of its and two listeners of ours with the same names are shown by the same words.
func TestListingsAsPodmans(t *testing.T) {
	if engine.Kind != "podman" {
		t.Skip("the manner is Podman's")
	}
	p := in(t, "manner")
	for name, port := range map[string]string{"aa": "8001", "bb": "8002"} {
		engine.do(t, "volume", "create", name)
		p.do("listener", "create", name, port, "--wait", "none", "--platform", "linux")
	}
	defer engine.do(t, "volume", "rm", "aa", "bb")
	theirs := func(args ...string) result { return podman(t, append([]string{"volume", "ls"}, args...)...) }
	ours := func(args ...string) result {
		return p.with("SKUPPER_PLATFORM=linux").try(append([]string{"listener", "status"}, args...)...)
	}

	for _, tc := range []struct {
		format string
		same   bool // to the octet; else the first line may be another heading
	}{
		{`{{.Name}}`, true}, {`{{upper .Name}}`, true}, {`{{lower .Name}} {{len .Name}}`, true}, {`{{json .Name}}`, true}, {`{{title .Name}}`, true},
		{`{{join (split .Name "") "-"}}`, true}, {`{{truncate .Name 1}}`, true}, {`{{pad .Name 3 3}}x`, true}, {`{{println .Name}}`, true},
		{`{{range .}}{{.Name}}{{"\n"}}{{end}}`, true}, {`{{range .}}{{.Name}};{{end}}`, true}, {`{{.Name}}\t{{.Name}}`, true}, {`a\nb {{.Name}}`, true},
		{`table {{.Name}}`, false}, {`table {{upper .Name}}`, false},
	} {
		a, b := theirs("--format", tc.format), ours("--format", tc.format)
		if !tc.same {
			heading := regexp.MustCompile(`^[A-Z ]+\n`)
			if !heading.MatchString(a.out) || !heading.MatchString(b.out) {
				t.Errorf("%s: headings of %q and %q", tc.format, a.out, b.out)
			}
			a.out, b.out = heading.ReplaceAllString(a.out, ""), heading.ReplaceAllString(b.out, "")
		}
		if a.code != 0 || b.code != 0 || a.out != b.out {
			t.Errorf("%s: Podman ends with %d and prints %q, ours with %d and %q", tc.format, a.code, a.out, b.code, b.out)
		}
	}
	if a, b := theirs("-q"), ours("-q"); a.out != b.out || a.code+b.code != 0 {
		t.Errorf("-q: Podman prints %q, ours %q", a.out, b.out)
	}

	// Without a format: columns apart by blanks under headings in capital letters, and no headings where they are not wanted.
	heading := regexp.MustCompile(`^[A-Z]+( +[A-Z]+)* *\n`)
	for name, list := range map[string]func(...string) result{"Podman": theirs, "ours": ours} {
		with, without := list(), list("--noheading")
		if !heading.MatchString(strings.ReplaceAll(with.out, "-", "")) || strings.Contains(with.out, "\t") || strings.Count(with.out, "\n") != 3 {
			t.Errorf("%s prints %q", name, with.out)
		}
		if strings.Count(without.out, "\n") != 2 || heading.MatchString(without.out) {
			t.Errorf("%s prints %q without heading", name, without.out)
		}
	}
	// JSON is an array of the same indentation, and ends with a line.
	for name, list := range map[string]func(...string) result{"Podman": theirs, "ours": ours} {
		r := list("--format", "json")
		if !json.Valid([]byte(r.out)) || !strings.HasPrefix(r.out, "[") || !strings.HasSuffix(r.out, "\n") || !regexp.MustCompile(`(?m)^  [{"]`).MatchString(r.out) || strings.Contains(r.out, "\t") {
			t.Errorf("%s prints %q", name, r.out)
		}
	}
	// What cannot be done prints nothing but why, and fails: by what Podman says 125, which is for faults of the engine here.
	for _, args := range [][]string{
		{"--format", "{{.Nope}}"}, {"--format", "{{.Name"}, {"--format", "table {{.Nope}}"}, {"--format", "{{nope .Name}}"}, {"-q", "--format", "{{.Name}}"}, {"--filter", "nope=1"}, {"--nope"},
	} {
		a, b := theirs(args...), ours(args...)
		if a.code != 125 || b.code != 2 {
			t.Errorf("%v: Podman ends with %d, want 125; ours with %d, want 2", args, a.code, b.code)
		}
		if b.out != "" || !strings.HasPrefix(a.err, "Error: ") || !strings.HasPrefix(b.err, "Error: ") {
			t.Errorf("%v: Podman says %q, ours prints %q and says %q", args, a.err, b.out, b.err)
		}
	}
	if a, b := podman(t, "ps", "--sort", "nope"), ours("--sort", "nope"); a.code != 125 || b.code != 2 || !strings.Contains(a.err, `"nope"`) || !strings.Contains(b.err, `"nope"`) {
		t.Errorf("sort: Podman ends with %d: %s; ours with %d: %s", a.code, a.err, b.code, b.err)
	}
}

// podman runs the engine's own command line, whatever comes of it.
func podman(t *testing.T, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "podman", append(engine.Store(), args...)...)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = engine.Env(), &out, &errs
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}
