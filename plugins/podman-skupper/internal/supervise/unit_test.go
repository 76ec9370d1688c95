package supervise

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const scriptsUnit = `[Unit]
Description=router of west
Wants=network-online.target
After=network-online.target docker.service
Before=skupper-agent.service
RequiresMountsFor=/run/containers

[Service]
Type=oneshot
ExecStart=/bin/sh "/a b/start.sh"
ExecStop=/bin/sh "/a b/stop.sh"
RemainAfterExit=yes
TimeoutStartSec=120
TimeoutStopSec=70

[Install]
WantedBy=default.target
`

// TestScriptsUnit has systemd itself read the unit too, where it is installed.
func TestScriptsUnit(t *testing.T) {
	u := Unit{Name: "skupper-west.service", Description: "router of west", Program: "/bin/sh", Args: []string{"/a b/start.sh"}, Stop: []string{"/bin/sh", "/a b/stop.sh"},
		After: []string{"docker.service"}, Before: []string{"skupper-agent.service"}, Mounts: "/run/containers"}
	if got := string(u.Text()); got != scriptsUnit {
		t.Errorf("got\n%s", got)
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd itself did not read it: there is no systemd-analyze")
	}
	path := filepath.Join(t.TempDir(), u.Name)
	if err := os.WriteFile(path, u.Text(), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", path).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestQuadletFiles(t *testing.T) {
	s, calls := fakeSystemd(t, "running")
	s.quadlets = filepath.Join(t.TempDir(), "quadlets")
	u := Unit{Name: UnitName("west"), Description: "d", Program: "/p"}
	if err := s.Ensure(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	calls()
	if err := s.WriteQuadlet(t.Context(), "west", []byte("[Container]\n")); err != nil {
		t.Fatal(err)
	}
	if got := calls(); s.Has(u.Name) || !s.HasQuadlet("west") || got != "--user disable --now skupper-west.service\n--user daemon-reload\n--user reset-failed skupper-west.service\n--user daemon-reload" {
		t.Errorf("unit %v, file %v, calls\n%s", s.Has(u.Name), s.HasQuadlet("west"), got)
	}
	if err := s.WriteQuadlet(t.Context(), "west", []byte("[Container]\n")); err != nil || calls() != "" {
		t.Errorf("again: %v", err)
	}
	if err := s.RemoveQuadlet(t.Context(), "west"); err != nil || s.HasQuadlet("west") {
		t.Errorf("removed: %v", err)
	}
	if got := calls(); got != "--user stop skupper-west.service\n--user daemon-reload\n--user reset-failed skupper-west.service" {
		t.Errorf("got %s", got)
	}
	if err := s.RemoveQuadlet(t.Context(), "west"); err != nil || calls() != "" {
		t.Errorf("removed again: %v", err)
	}
}
