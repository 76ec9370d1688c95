//go:build e2e

package e2e

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/manifest"

	"github.com/skupper-plugins/suite/tests/loopback"
)

// killAround runs a command and kills, at some moment of it, the command itself, the agent or the router.
func killAround(p place, r *rand.Rand, args ...string) {
	p.t.Helper()
	cmd := p.cmd(args...)
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	time.Sleep(time.Duration(r.IntN(60)) * time.Millisecond)
	victim := 0
	switch r.IntN(4) {
	case 0:
		victim = p.agent()
	case 1:
		victim = p.router()
	default:
		victim = cmd.Process.Pid
	}
	if victim > 1 && alive(p, victim, cmd.Process.Pid) {
		signal(p.t, victim, syscall.SIGKILL)
	}
	_ = cmd.Wait() // however it ended
}

// alive tells whether a recorded process still is one of this installation, so that no other is killed.
func alive(p place, pid, child int) bool {
	for _, other := range append(p.home.Processes(), child) {
		if pid == other {
			return true
		}
	}
	return false
}

func TestKilledAtAnyMoment(t *testing.T) { // alone: its ports are free for others now and then
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	west := in(t, "west")
	east := west.beside("east")
	steps := []struct {
		p    place
		args []string
	}{
		{west, []string{"site", "create", "west", "--enable-link-access"}},
		{east, []string{"site", "create", "east"}},
		{west, []string{"connector", "create", "backend", "9", "--host", "127.0.0.1"}},
		{east, []string{"listener", "create", "backend", strconv.Itoa(loopback.FreePort(t)), "--host", "127.0.0.1"}},
		{west, []string{"site", "update", "--enable-link-access"}},
		{west, []string{"system", "reload"}},
	}
	for range 8 {
		for _, s := range steps {
			killAround(s.p, r, s.args...)
			nothingHalf(t, west)
		}
	}
	for _, s := range steps { // what was cut off is done again, and ends well
		s.p.do(s.args...)
	}
	west.shows(patience, `Status: +Ready|west +Ready`, "site", "status")
	east.shows(patience, `Status: +Ready|east +Ready`, "site", "status")
	west.alone()
	east.alone()
	east.do("token", "redeem", west.issue())
	east.shows(patience, `Ready +1 +OK`, "link", "status")
	west.do("site", "delete", "--all")
	east.do("site", "delete", "--all")
	for _, p := range []place{west, east} {
		soon(t, patience, "the end of the router", func() bool { _, n := p.running(); return n == 0 })
	}
	leftovers(t, west)
}

// What was left by writers that were killed is gone when the agent has started anew.
func TestLeftoversGo(t *testing.T) {
	t.Parallel()
	p := in(t, "west")
	p.do("site", "create", "west")
	old := time.Now().Add(-time.Minute)
	for _, path := range []string{p.dir("input", "resources", ".Site-west.yaml.1.tmp"), p.dir("internal", ".state.json.2.tmp"),
		p.dir("runtime", "issuers", "skupper-site-ca", ".tls.key.3.tmp"), p.agentDir(".grant-port.4.tmp")} {
		if err := os.Chtimes(write(t, path, "half"), old, old); err != nil {
			t.Fatal(err)
		}
	}
	signal(t, p.agent(), syscall.SIGKILL)
	p.do("system", "reload")
	leftovers(t, p)
}

// nothingHalf asserts that every file of resources can be read as a whole.
func nothingHalf(t *testing.T, p place) {
	t.Helper()
	for _, pattern := range []string{"input/resources", "runtime/resources", "internal/snapshot"} {
		files, _ := filepath.Glob(filepath.Join(p.home.Dir, "namespaces", "*", pattern, "*.yaml"))
		for _, f := range files {
			docs, err := manifest.Options{UnknownKinds: manifest.Keep}.ReadFile(f) // other tools keep theirs in the runtime
			if err == nil && len(docs) == 0 || err != nil && !os.IsNotExist(err) && exists(f) {
				t.Errorf("%s: %d documents, %v", f, len(docs), err)
			}
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// leftovers asserts that no temporary file or directory stays for ever.
func leftovers(t *testing.T, p place) {
	t.Helper()
	soon(t, patience, "no temporary files", func() bool {
		var left []string
		_ = filepath.WalkDir(p.home.Dir, func(path string, _ fs.DirEntry, err error) error {
			if name := filepath.Base(path); err == nil && (strings.HasSuffix(name, ".tmp") || strings.HasPrefix(name, ".new-")) {
				left = append(left, path)
			}
			return nil
		})
		if len(left) > 0 {
			t.Logf("left: %v", left)
		}
		return len(left) == 0
	})
}

// A record of a process that is gone does no harm to whoever has its number now.
func TestForeignProcessIsLeftAlone(t *testing.T) { // alone: its ports are free for others now and then
	p := in(t, "west")
	p.do("site", "create", "west")
	signal(t, p.agent(), syscall.SIGKILL)
	signal(t, p.router(), syscall.SIGKILL)
	soon(t, patience, "their end", func() bool { a, r := p.running(); return a+r == 0 })
	foreign := p.cmd("version") // any process of ours
	foreign.Path, foreign.Args, foreign.Env = "/bin/sleep", []string{"sleep", "60"}, nil
	if err := foreign.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = foreign.Wait(); close(ended) }()
	text := `{"pid":` + strconv.Itoa(foreign.Process.Pid) + `,"start":"1"}` + "\n"
	write(t, p.dir("internal", "router.pid"), text)
	write(t, p.agentDir("lock"), text)
	p.do("system", "stop")
	p.do("system", "start")
	p.shows(patience, `west +Ready`, "site", "status")
	p.do("system", "uninstall", "--force")
	select {
	case <-ended:
		t.Error("a process that has nothing to do with it was ended")
	default:
		_ = foreign.Process.Kill()
		<-ended
	}
}

// pending is what is kept of redemptions that are not finished.
func pending(t *testing.T, p place) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(p.dir("internal", "pending"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".tmp") { // these are swept later
			names = append(names, e.Name())
		}
	}
	return names
}
