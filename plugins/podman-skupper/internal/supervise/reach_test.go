package supervise

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/shared/fault"
)

// withFiles is a systemd with a unit and a Quadlet file of a namespace; those that are empty are not there.
func withFiles(t *testing.T, answer, namespace, unit, quadlet string) (s *Systemd, calls func() string) {
	t.Helper()
	_, calls = fakeSystemd(t, answer)
	dir := t.TempDir()
	s = SystemdIn(t.Context(), filepath.Join(dir, "units"), filepath.Join(dir, "quadlets"))
	for path, text := range map[string]string{filepath.Join(s.dir, UnitName(namespace)): unit, s.quadletFile(namespace): quadlet} {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	calls()
	return s, calls
}

func TestRelease(t *testing.T) {
	const ours = "[Unit]\nDescription=Skupper router of namespace "
	for name, tt := range map[string]struct {
		namespace, unit, quadlet string
		calls                    string
		left                     bool // the unit
	}{
		"nothing":         {"west", "", "", "", false},
		"unit":            {"west", "[Unit]\nDescription=of another program\n", "", "disable --now skupper-west.service|daemon-reload|reset-failed skupper-west.service", false},
		"quadlet":         {"west", "", "[Container]\n", "stop skupper-west.service|daemon-reload|reset-failed skupper-west.service", false},
		"the agent's own": {"agent", "[Unit]\nDescription=Skupper agent for local sites\n", "", "", true},
		"quadlet beside":  {"agent", "[Unit]\nDescription=Skupper agent for local sites\n", "[Container]\n", "daemon-reload", true},
		"taken over":      {"agent", ours + "agent\n", "", "disable --now skupper-agent.service|daemon-reload|reset-failed skupper-agent.service", false},
		"controller's":    {"controller", "[Unit]\nDescription=controller\n", "", "", true},
		"taken over, too": {"controller", ours + "controller in a container\n", "", "disable --now skupper-controller.service|daemon-reload|reset-failed skupper-controller.service", false},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			s, calls := withFiles(t, "running", tt.namespace, tt.unit, tt.quadlet)
			if err := s.Release(t.Context(), tt.namespace); err != nil {
				t.Fatal(err)
			}
			if got := strings.ReplaceAll(strings.ReplaceAll(calls(), "--user ", ""), "\n", "|"); got != tt.calls {
				t.Errorf("called %q, want %q", got, tt.calls)
			}
			if s.Has(UnitName(tt.namespace)) != tt.left || s.HasQuadlet(tt.namespace) {
				t.Errorf("unit %v, Quadlet file %v", s.Has(UnitName(tt.namespace)), s.HasQuadlet(tt.namespace))
			}
			away, _ := withFiles(t, "offline", tt.namespace, tt.unit, tt.quadlet)
			if err := away.Release(t.Context(), tt.namespace); (err != nil) != (tt.calls != "") || err != nil && !strings.Contains(fault.Hint(err), "log in as") {
				t.Errorf("out of reach: %v", err)
			}
		})
	}
}

func TestReserved(t *testing.T) {
	for name, bad := range map[string]bool{"agent": true, "controller": true, "default": false, "agent-1": false} {
		if err := Reserved(name); (err != nil) != bad || bad && (!fault.Is(err, fault.Usage) || !strings.Contains(err.Error(), "skupper-"+name+".service") || fault.Hint(err) == "") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Where systemd cannot be told anything, root is told which files there are, not in which of all directories.
func TestAwayNamesFiles(t *testing.T) {
	s, _ := withFiles(t, "offline", "west", "[Unit]\n", "")
	s.user = false
	unit := filepath.Join(s.dir, UnitName("west"))
	if hint := fault.Hint(s.Away("west")); !strings.HasSuffix(hint, "remove what is its: "+unit) {
		t.Errorf("hint %q", hint)
	}
	if hint := fault.Hint(s.Away("east")); !strings.Contains(hint, s.dir+" and "+s.quadlets) {
		t.Errorf("of none: hint %q", hint)
	}
}
