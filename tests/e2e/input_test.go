//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/loopback"
)

func listenerText(name string, port int) string {
	return fmt.Sprintf("apiVersion: skupper.io/v2alpha1\nkind: Listener\nmetadata:\n  name: %s\nspec:\n  host: 127.0.0.1\n  port: %d\n  routingKey: k\n", name, port)
}

// bomb is YAML whose aliases stand for 10^10 values.
func bomb() string {
	text := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'j'; c++ {
		text += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 10), ","))
	}
	return text
}

// Whatever lies in the input, it hinders nothing else, and the status of the system tells of it.
func TestBrokenInputFiles(t *testing.T) {
	t.Parallel()
	p := in(t, "west")
	p.do("site", "create", "west")
	reload := func() {
		t.Helper()
		p.refuses(1, `this cannot be applied, all else is: .*/bomb\.yaml`, "system", "reload")
	}
	good := loopback.FreePort(t)
	input := func(name string) string { return p.dir("input", "resources", name) }
	link := func(name, to string) func() error { return func() error { return os.Symlink(to, input(name)) } }
	files := map[string]struct {
		content any // text, or what makes the file
		says    string
	}{
		"dir.yaml":    {func() error { return os.Mkdir(input("dir.yaml"), 0o755) }, "is a directory"},
		"pipe.yaml":   {func() error { return exec.CommandContext(t.Context(), "mkfifo", input("pipe.yaml")).Run() }, "not a regular file"},
		"out.yaml":    {link("out.yaml", "/etc/passwd"), `out\.yaml:1`},
		"zero.yaml":   {link("zero.yaml", "/dev/zero"), "not a regular file"},
		"loop.yaml":   {link("loop.yaml", "loop.yaml"), "symbolic links"},
		"nul.yaml":    {"\x00\x01", `nul\.yaml:1`},
		"not.yaml":    {"a: [unclosed\n", `not\.yaml:1: not YAML`},
		"plain.yaml":  {"hello", "want a resource"},
		"deep.yaml":   {"a: " + strings.Repeat("[", 100000), "max depth"},
		"bomb.yaml":   {bomb(), "values"},
		"kind.yaml":   {"apiVersion: v9\nkind: Strange\nmetadata:\n  name: q\n", "kind Strange of v9"},
		"field.yaml":  {listenerText("field", loopback.FreePort(t)) + "  wat: 1\n", `field\.yaml:9: .*spec\.wat`},
		"other.yaml":  {strings.Replace(listenerText("other", 1), "  name: other\n", "  name: other\n  namespace: elsewhere\n", 1), `namespace "elsewhere"`},
		"zgood.yaml":  {listenerText("good", 1), "is in good.yaml too"},
		"evil.yaml":   {listenerText("../../evil", 1), "want lower-case"},
		"type.yaml":   {strings.Replace(listenerText("type", 1), "port: 1", "port: many", 1), `type\.yaml:7: .*want a number`},
		"good.yaml":   {listenerText("good", good), ""},
		"ignored.txt": {"hello", ""},
		".hid.yaml":   {"hello", ""},
	}
	for name, f := range files {
		switch c := f.content.(type) {
		case string:
			write(t, input(name), c)
		case func() error:
			if err := c(); err != nil {
				t.Fatal(err)
			}
		}
	}
	huge, err := os.Create(input("huge.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := huge.Truncate(100 << 20); err != nil { // sparse
		t.Fatal(err)
	}
	_ = huge.Close()
	reload()
	r := p.try("system", "status")
	all := r.out + r.err
	for name, f := range files {
		if f.says == "" {
			if strings.Contains(all, "/"+name+":") {
				t.Errorf("%s is complained of:\n%s", name, all)
			}
		} else if !regexp.MustCompile(regexp.QuoteMeta(name)+".*"+f.says).MatchString(all) && !regexp.MustCompile(f.says).MatchString(all) {
			t.Errorf("%s: status does not say %q:\n%s", name, f.says, all)
		}
	}
	p.shows(patience, `(?m)^good +(Pending|Ready)`, "listener", "status")
	p.shows(patience, `west +Ready`, "site", "status")
	if b, err := os.ReadFile("/proc/" + fmt.Sprint(p.agent()) + "/status"); err != nil || !bytes.Contains(b, []byte("VmHWM")) {
		t.Error(err)
	} else if kb := regexp.MustCompile(`VmHWM:\s+(\d{6,}) kB`).FindSubmatch(b); kb != nil && string(kb[1]) > "400000" {
		t.Errorf("the agent took %s kB", kb[1])
	}
	if outside, _ := filepath.Glob(filepath.Join(p.home.Dir, "namespaces", "*evil*")); outside != nil {
		t.Errorf("written outside: %v", outside)
	}

	// What was good and is broken later stays in use; then it is gone.
	write(t, input("good.yaml"), "a: [")
	reload()
	p.shows(patience, `(?m)^good .*last good version`, "listener", "status")
	if err := os.Remove(input("good.yaml")); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(input("zgood.yaml"))
	reload()
	p.shows(patience, `^`, "system", "status")
	if out := p.do("listener", "status"); strings.Contains(out, "good") {
		t.Errorf("it is still there:\n%s", out)
	}
}

// A file that is written in place, slowly, is not taken for what it is half way.
func TestFileReplacedWhileRead(t *testing.T) {
	t.Parallel()
	p := in(t, "west")
	p.do("site", "create", "west")
	port := loopback.FreePort(t)
	a, b := listenerText("a", port), listenerText("a", port)+"  type: tcp\n# "+strings.Repeat("x", 100000)+"\n"
	path := p.dir("input", "resources", "a.yaml")
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		write(t, path, a)
		write(t, path, b)
		if err := os.Rename(write(t, path+"2", a), path); err != nil {
			t.Fatal(err)
		}
	}
	p.do("system", "reload")
	if out := p.do("listener", "status"); !regexp.MustCompile(`(?m)^a +(Pending|Ready) .* ` + fmt.Sprint(port)).MatchString(out) {
		t.Errorf("got\n%s", out)
	}
	if r := p.try("system", "status"); strings.Contains(r.out+r.err, "a.yaml") {
		t.Errorf("there is a fault left: %s", r.err)
	}
}
