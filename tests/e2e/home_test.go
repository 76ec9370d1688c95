//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/tests/sandbox"
)

// Whatever a home is called, commands from anywhere find the same agent.
func TestUnusualHomes(t *testing.T) {
	t.Parallel()
	for name, dir := range map[string]string{
		"not there yet": "a/b/c",
		"spaces":        "mit Leer, $x 'q' \"d\" % und ünïcode 日本",
		"long":          strings.Repeat("x", 120) + "/" + strings.Repeat("y", 120),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outer := sandbox.New(t)
			p := place{t, sandbox.Home{Dir: filepath.Join(outer.Dir, dir)}, "west"}
			t.Cleanup(func() {
				if err := p.home.End(t.Context()); err != nil && t.Context().Err() == nil {
					t.Error(err)
				}
			})
			cmd := p.cmd("site", "create", "west", "--enable-link-access")
			cmd.Dir = outer.Dir
			if r := finish(t, cmd, nil); r.code != 0 {
				t.Fatalf("ended with %d: %s", r.code, r.err)
			}
			file := p.issue()
			east := p.beside("east")
			east.do("site", "create", "east")
			east.do("token", "redeem", file)
			east.shows(patience, `Ready +1 +OK`, "link", "status")
			cmd = p.cmd("system", "status")
			cmd.Env = append(cmd.Env, "TMPDIR="+outer.Dir)
			if r := finish(t, cmd, nil); !strings.Contains(r.out, "Agent:            running") {
				t.Errorf("with another TMPDIR: %s%s", r.out, r.err)
			}
			p.do("system", "uninstall", "--force")
			if n, _ := p.running(); n != 0 {
				t.Error("the agent runs")
			}
		})
	}
}

// A relative home is below where the command is run, for the processes it starts too.
func TestRelativeHome(t *testing.T) {
	t.Parallel()
	p := in(t, "west")
	relative := func(args ...string) result {
		cmd := p.cmd(args...)
		cmd.Env = append(cmd.Env, "SKUPPER_HOME="+filepath.Base(p.home.Dir))
		cmd.Dir = filepath.Dir(p.home.Dir)
		return finish(t, cmd, args)
	}
	if r := relative("site", "create", "west"); r.code != 0 {
		t.Fatalf("ended with %d: %s", r.code, r.err)
	}
	p.alone()
	p.shows(patience, `west +Ready`, "site", "status")
}

func TestImpossibleHomes(t *testing.T) {
	t.Parallel()
	outer := sandbox.New(t)
	file := write(t, filepath.Join(outer.Dir, "file"), "x")
	for dir, says := range map[string]string{
		file:                         "not a directory\ntry: SKUPPER_HOME",
		filepath.Join(file, "below"): "not a directory\ntry: SKUPPER_HOME",
		"/proc/none":                 "no such file or directory",
	} {
		place{t, sandbox.Home{Dir: dir}, "west"}.inDir(outer.Dir).refusesHere(1, says, "site", "create", "west")
	}
	none := place{t, sandbox.Home{Dir: filepath.Join(outer.Dir, "none")}, "west"}.inDir(outer.Dir)
	for _, args := range [][]string{{"site", "status"}, {"link", "status"}, {"system", "status"}, {"system", "uninstall"}} {
		none.refusesHere(0, "", args...)
	}
	for _, args := range [][]string{{"site", "delete"}, {"system", "stop"}, {"system", "start"}, {"token", "issue", filepath.Join(outer.Dir, "t")}} {
		none.refusesHere(4, "there is no site", args...)
	}
	if exists(none.home.Dir) {
		t.Error("who only looks makes the home")
	}
	none.env = []string{"SKUPPER_HOME=", "HOME="}
	if os.Getuid() != 0 {
		none.refusesHere(1, "HOME is not set\ntry: set SKUPPER_HOME", "site", "status")
	}
}

// elsewhere is a place whose commands run in another directory.
type elsewhere struct {
	place
	dir string
	env []string
}

func (p place) inDir(dir string) elsewhere { return elsewhere{p, dir, nil} }

func (e elsewhere) refusesHere(code int, says string, args ...string) {
	e.t.Helper()
	cmd := e.cmd(args...)
	cmd.Dir = e.dir
	cmd.Env = append(cmd.Env, e.env...)
	if r := finish(e.t, cmd, args); r.code != code || !strings.Contains(r.err, says) {
		e.t.Errorf("%s: %v ended with %d and said %q, want %d and %q", e.home.Dir, args, r.code, r.err, code, says)
	}
}
