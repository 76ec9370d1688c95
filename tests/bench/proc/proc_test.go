package proc

import (
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sleep" { // a child of the tests below
		time.Sleep(time.Minute)
		return
	}
	goleak.VerifyTestMain(m)
}

func TestChild(t *testing.T) {
	c, err := Start(t.TempDir(), "sleeper", os.Args[0], "sleep")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Kill()
	if err := c.Running(); err != nil {
		t.Fatal(err)
	}
	for what, read := range map[string]func(int) (int, error){"Files": Files, "Threads": Threads} {
		if n, err := read(c.PID()); err != nil || n < 1 {
			t.Errorf("%s: %d, %v", what, n, err)
		}
	}
	n, err := Memory(c.PID())
	for end := time.Now().Add(10 * time.Second); err == nil && n < 100<<10 && time.Now().Before(end); n, err = Memory(c.PID()) {
		time.Sleep(time.Millisecond) // it has only just been started, and has nothing yet
	}
	if err != nil || n < 100<<10 || n > 1<<30 {
		t.Errorf("Memory: %d octets, %v", n, err)
	}
	if err := c.Stop(); err == nil || !strings.Contains(err.Error(), "signal: terminated") {
		t.Errorf("a program without a handler ends by the signal; Stop said %v", err)
	}
	select {
	case <-c.Done():
	default:
		t.Error("it still runs")
	}
	if err := c.Stop(); err == nil || !strings.Contains(err.Error(), "ended by itself") {
		t.Errorf("a process that had ended: Stop said %v", err)
	}
	if _, err := CPU(c.PID()); err == nil {
		t.Error("a process that is gone has used something")
	}
}

func TestStartFails(t *testing.T) {
	if _, err := Start(t.TempDir(), "nothing", "/nonexistent/program"); err == nil || !strings.Contains(err.Error(), "start nothing") {
		t.Errorf("got %v", err)
	}
}

func TestTailIsTheEnd(t *testing.T) {
	c := &Child{Log: t.TempDir() + "/log"}
	if err := os.WriteFile(c.Log, []byte(strings.Repeat("a", 2*maxTail)+"end"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := c.Tail(); len(got) != maxTail || !strings.HasSuffix(got, "aend") {
		t.Errorf("got %d octets ending in %q", len(got), got[len(got)-4:])
	}
}

func TestCPUOf(t *testing.T) {
	for _, c := range []struct {
		name, stat string
		want       time.Duration
		fails      bool
	}{
		{"plain", "7 (a) S 1 2 3 4 5 6 7 8 9 10 123 45 0 0 20", 1680 * time.Millisecond, false},
		{"name with brackets and spaces", "7 (a ) S (x) S 1 2 3 4 5 6 7 8 9 10 1 2 0", 30 * time.Millisecond, false},
		{"short", "7 (a) S 1 2 3 4 5 6 7 8 9 10 123", 0, true},
		{"not a number", "7 (a) S 1 2 3 4 5 6 7 8 9 10 x 45", 0, true},
		{"empty", "", 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := cpuOf([]byte(c.stat))
			if got != c.want || (err != nil) != c.fails {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestBusyOf(t *testing.T) {
	got, err := busyOf([]byte("cpu  1 2 4 1000 1000 8 16 32 64 64\ncpu0 1 2\n"))
	if want := 63 * tick; got != want || err != nil {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	for _, bad := range []string{"", "cpu0 1 2 3 4 5 6 7 8", "cpu 1 2 3 4 5 6 7"} {
		if _, err := busyOf([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestField(t *testing.T) {
	text := []byte("x Rss: 1 kB\nRss:   2048 kB\nRssAnon: 3 kB\nThreads:\n")
	if n, err := field(text, "Rss:"); n != 2048 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	for _, name := range []string{"Threads:", "Nothing:"} {
		if _, err := field(text, name); err == nil {
			t.Errorf("%s was found", name)
		}
	}
}

func TestWindowCountsOthersAsNoise(t *testing.T) {
	w, err := Open(nil)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(200 * time.Millisecond); time.Now().Before(end); { // work of this process is no noise
	}
	s, err := w.Close()
	if err != nil || s.CPU != 0 || s.Wall < 200*time.Millisecond || s.Noise < 0 {
		t.Errorf("got %+v, %v", s, err)
	}
	w, err = Open([]int{os.Getpid()})
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
	}
	if s, err = w.Close(); err != nil || s.CPU <= 0 {
		t.Errorf("got %+v, %v", s, err)
	}
	if _, err := Open([]int{1 << 30}); err == nil {
		t.Error("a process that never was can be measured")
	}
}
