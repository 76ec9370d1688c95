package sandbox

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// start runs a process of the home that ignores being asked to end, if stubborn, and tells its number.
func start(t *testing.T, h Home, stubborn bool) int {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("NOT TESTED on Windows: it needs a POSIX shell")
	}
	script := "touch $SKUPPER_HOME/up; while :; do sleep 0.05; done"
	if stubborn {
		script = "trap '' TERM; " + script
	}
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = h.Env()
	up := filepath.Join(h.Dir, "up")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { // so that it does not stay as one that ended and was never waited for
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	for { // until the trap is set
		if _, err := os.Stat(up); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := os.WriteFile(filepath.Join(h.Dir, "router.pid"), []byte(`{"pid":`+strconv.Itoa(cmd.Process.Pid)+`}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

func TestEndFindsWhatRuns(t *testing.T) {
	h, other := New(t), New(t)
	pid, foreign := start(t, h, false), start(t, other, false)
	if got := h.Processes(); !slices.Contains(got, pid) || slices.Contains(got, foreign) {
		t.Fatalf("found %v, want %d and not %d of another home", got, pid, foreign)
	}
	if err := h.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := other.Processes(); !slices.Contains(got, foreign) {
		t.Error("ended the process of another home")
	}
}

func TestEndKillsWhoIgnoresIt(t *testing.T) {
	h := New(t)
	start(t, h, true)
	began := time.Now()
	if err := h.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 4*time.Second {
		t.Errorf("took %v: it was not asked first", took)
	}
}

func TestRemoveTellsOfRaces(t *testing.T) {
	h, err := Make()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.Dir, "race.77"), []byte("WARNING: DATA RACE"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.Remove(t.Context()); err == nil || !strings.Contains(err.Error(), "WARNING: DATA RACE") {
		t.Errorf("got %v, want the report", err)
	}
	if _, err := os.Stat(h.Dir); !os.IsNotExist(err) {
		t.Errorf("the home is still there: %v", err)
	}
}

func TestRecordedReadsBothForms(t *testing.T) {
	h := New(t)
	for name, text := range map[string]string{"a.pid": " 41\n", "lock": `{"pid":42,"start":"7"}`, "b.pid": "", "c.log": "43"} {
		if err := os.WriteFile(filepath.Join(h.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := h.recorded()
	slices.Sort(got)
	if !slices.Equal(got, []int{41, 42}) {
		t.Errorf("got %v, want 41 and 42", got)
	}
}

func TestEnvChoosesOnlyThisHome(t *testing.T) {
	t.Setenv("SKUPPER_PLATFORM", "podman")
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/1")
	h := New(t)
	env := h.Env()
	if slices.ContainsFunc(env, func(kv string) bool { return strings.HasPrefix(kv, "XDG_") || kv == "SKUPPER_PLATFORM=podman" }) {
		t.Errorf("the environment of the test shines through: %v", env)
	}
	if !slices.Contains(env, "SKUPPER_HOME="+h.Dir) || len(h.Dir) > 60 {
		t.Errorf("home %q is missing or too long for a socket below it", h.Dir)
	}
}
