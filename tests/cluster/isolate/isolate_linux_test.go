package isolate

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// markEnv is a file that the run inside writes.
const markEnv = "SKUPPER_TEST_MARK"

func TestMain(m *testing.M) {
	First()
	os.Exit(m.Run())
}

// TestInside is what runs inside when TestRun runs this program again.
func TestInside(t *testing.T) {
	if !Inside() {
		t.Skip("only within TestRun")
	}
	links, err := net.Interfaces()
	if err != nil || len(links) > 1 && links[1].Flags&net.FlagUp != 0 {
		t.Errorf("there is a network: %v, %v", links, err)
	}
	if os.Getpid() > 10 || os.Getppid() != 1 {
		t.Errorf("process %d of %d: these are not processes of their own", os.Getpid(), os.Getppid())
	}
	if err := os.WriteFile("/run/skupper-test", nil, 0o600); err != nil {
		t.Error(err)
	}
	group, err := MakeGroup("a")
	if err != nil {
		t.Fatal(err)
	}
	// One that outlives its parent and the test, in a cgroup.
	orphan := fmt.Sprintf("(for g in %s/*/%s %s/%s; do echo $BASHPID >$g/cgroup.procs; done 2>/dev/null; exec sleep 60) >/dev/null 2>&1 &", Cgroups, group, Cgroups, group)
	if out, err := exec.CommandContext(t.Context(), "bash", "-c", orphan).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", "sleep 0.1 >/dev/null 2>&1 & echo $!").CombinedOutput(); err != nil {
		t.Fatal(err)
	} else {
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			if _, err := os.Stat("/proc/" + strings.TrimSpace(string(out))); err != nil {
				break
			}
			if time.Now().After(end) {
				t.Fatal("an orphan that ended is not reaped")
			}
		}
	}
	if err := os.WriteFile("/proc/sys/kernel/panic", []byte("77"), 0o644); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(os.Getenv(markEnv), []byte(group), 0o600); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("SKUPPER_TEST_FAIL") != "" {
		t.Error("as asked")
	}
}

func TestRun(t *testing.T) {
	if Inside() {
		t.Skip("only outside")
	}
	if why := Missing("bash"); len(why) > 0 {
		t.Skip("NOT TESTED:", why)
	}
	before := saveSettings()
	args := os.Args
	defer func() { os.Args = args }()
	os.Args = []string{args[0], "-test.run=TestInside"}
	for name, want := range map[string]int{"": 0, "SKUPPER_TEST_FAIL=1": 1} {
		mark := filepath.Join(t.TempDir(), "mark")
		code, err := Run(t.Context(), Group(), markEnv+"="+mark, name)
		if err != nil || code != want {
			t.Fatalf("%q: got %d, %v; want %d", name, code, err, want)
		}
		group, err := os.ReadFile(mark)
		if err != nil || len(group) == 0 {
			t.Fatalf("the tests did not run: %v", err)
		}
		for _, pattern := range []string{Cgroups + "/*/" + string(group), Cgroups + "/" + string(group), "/run/skupper-test"} {
			if found, _ := filepath.Glob(pattern); len(found) > 0 {
				t.Errorf("left: %v", found)
			}
		}
		for name, value := range saveSettings() {
			if before[name] != value {
				t.Errorf("%s was %s and is %s", name, before[name], value)
			}
		}
	}
}
