package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeSystemd puts a systemctl into the path that notes its arguments.
func fakeSystemd(t *testing.T, answer string) (s *Systemd, calls func() string) {
	t.Helper()
	bin, log := t.TempDir(), filepath.Join(t.TempDir(), "calls")
	script := "#!/bin/sh\necho \"$*\" >> " + log + "\ncase \"$*\" in *is-system-running*) echo " + answer + "; [ " + answer + " = running ];; esac\n"
	if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	s = &Systemd{user: true, dir: filepath.Join(t.TempDir(), "units")}
	return s, func() string {
		b, _ := os.ReadFile(log)
		_ = os.Remove(log)
		return strings.TrimSpace(string(b))
	}
}

func TestFindSystemd(t *testing.T) {
	for answer, want := range map[string]bool{"running": true, "degraded": true, "starting": true, "offline": false, "unknown": false} {
		_, _ = fakeSystemd(t, answer)
		if _, ok := FindSystemd(t.Context(), func(string) string { return "/home/u" }); ok != want {
			t.Errorf("%s: got %v", answer, ok)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, ok := FindSystemd(t.Context(), os.Getenv); ok {
		t.Error("found without systemctl")
	}
}

func TestUnits(t *testing.T) {
	s, calls := fakeSystemd(t, "running")
	u := Unit{Name: "skupper-west.service", Description: "router of west", Program: "/opt/a b/podman-skupper",
		Args: []string{"router", "-c", "/data/50%/x.json"}, Env: []string{"A=b c"}}
	for _, want := range []string{
		"--user daemon-reload\n--user enable skupper-west.service\n--user start skupper-west.service",
		"--user enable skupper-west.service\n--user start skupper-west.service", // nothing changed
	} {
		if err := s.Ensure(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		if got := calls(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	text, err := os.ReadFile(filepath.Join(s.dir, u.Name))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"ExecStart=\"/opt/a b/podman-skupper\" router -c /data/50%%/x.json\n", "Environment=\"A=b c\"\n", "Restart=always\n", "WantedBy=default.target\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	if err := s.Remove(t.Context(), u.Name); err != nil {
		t.Fatal(err)
	}
	if got := calls(); got != "--user disable --now skupper-west.service\n--user daemon-reload\n--user reset-failed skupper-west.service" {
		t.Errorf("got %s", got)
	}
	if err := s.Remove(t.Context(), u.Name); err != nil || calls() != "" {
		t.Errorf("removing it again: %v", err)
	}
}
