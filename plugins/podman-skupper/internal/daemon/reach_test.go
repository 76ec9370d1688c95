package daemon

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/fault"
)

// managed is a systemd whose systemctl is a script, with the text of a namespace's unit file, if any.
func managed(t *testing.T, script, namespace, unit string) *supervise.Systemd {
	t.Helper()
	bin, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	if unit != "" {
		if err := os.WriteFile(filepath.Join(dir, supervise.UnitName(namespace)), []byte(unit), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return supervise.SystemdIn(t.Context(), dir, t.TempDir())
}

// What systemd runs is not started and ended behind its back.
func TestOutOfReach(t *testing.T) {
	for name, tt := range map[string]struct {
		unit    string
		quadlet bool // as the settings have it
		enabled bool
		refused string // what is
	}{
		"nothing":  {"", false, false, ""},
		"disabled": {"[Unit]\n", false, false, "start remove"},
		"enabled":  {"[Unit]\n", false, true, "start stop remove"},
		"quadlet":  {"", true, false, "start"},
	} {
		t.Run(name, func(t *testing.T) {
			units := managed(t, "echo offline; exit 1", "west", tt.unit)
			if tt.enabled {
				units = enabled(t, "west", tt.unit)
			}
			d := filestore.Under(t.TempDir()).Namespace("west")
			if err := filestore.MakeDir(d.Internal(), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := d.BindPlatform(engineapi.Podman); err != nil {
				t.Fatal(err)
			}
			if err := (container.Settings{Endpoint: "unix:///x", Router: container.Embedded, Image: "i", Pull: container.PullNever, Quadlet: tt.quadlet}).Write(d.Container()); err != nil {
				t.Fatal(err)
			}
			engine := &counted{}
			b := &byPlatform{dir: d, units: units, log: zerolog.Nop(), platform: engineapi.Podman, engine: engine}
			for what, err := range map[string]error{"start": b.Start(t.Context()), "stop": b.Stop(t.Context()), "remove": b.Remove(t.Context())} {
				if refused := strings.Contains(tt.refused, what); refused != (err != nil) || refused && (!strings.Contains(err.Error(), "cannot be reached from here") || !strings.Contains(fault.Hint(err), "log in as")) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if (engine.removed == 0) != strings.Contains(tt.refused, "remove") {
				t.Errorf("removed %d times", engine.removed)
			}
		})
	}
}

// enabled is one out of reach whose unit starts with the machine.
func enabled(t *testing.T, namespace, unit string) *supervise.Systemd {
	t.Helper()
	dir := t.TempDir()
	wants := filepath.Join(dir, "default.target.wants")
	if err := os.Mkdir(wants, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, supervise.UnitName(namespace)), []byte(unit), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../"+supervise.UnitName(namespace), filepath.Join(wants, supervise.UnitName(namespace))); err != nil {
		t.Fatal(err)
	}
	return supervise.SystemdIn(t.Context(), dir, t.TempDir())
}

// A site that was made where its unit would be the agent's is not started, and can be deleted without touching that.
func TestReservedNamespace(t *testing.T) {
	calls := filepath.Join(t.TempDir(), "calls")
	units := managed(t, "case \"$*\" in *is-system-running*) echo running;; *) echo \"$*\" >> "+calls+";; esac", "agent", string(Unit("/p").Text()))
	d := filestore.Under(t.TempDir()).Namespace("agent")
	b, ok := Engine(units, "/p", zerolog.Nop())(d).(*byPlatform)
	if !ok || b.systemd != nil {
		t.Fatalf("it is run by systemd: %+v", b)
	}
	if err := b.Start(t.Context()); !fault.Is(err, fault.Usage) || !strings.Contains(err.Error(), "the agent's own") {
		t.Errorf("start: %v", err)
	}
	if err := errors.Join(b.Stop(t.Context()), b.Remove(t.Context())); err != nil {
		t.Errorf("delete: %v", err)
	}
	if text, err := os.ReadFile(calls); err == nil || !units.Has(AgentUnit) {
		t.Errorf("systemctl was told %s; the agent's unit is there: %v", text, units.Has(AgentUnit))
	}
}

// The container ends whatever systemd says.
func TestEndsThoughSystemdComplains(t *testing.T) {
	units := managed(t, "case \"$*\" in *is-system-running*) echo running;; *) echo no room; exit 1;; esac", "west", "[Unit]\n")
	d := filestore.Under(t.TempDir()).Namespace("west")
	if err := filestore.MakeDir(d.Scripts(), 0o755); err != nil {
		t.Fatal(err)
	}
	told := 0
	o := containerOptions(d, engineapi.Podman, zerolog.Nop())
	o.Settings = func() (container.Settings, error) { return container.Settings{Endpoint: "unix:///x"}, nil }
	o.Open = func(context.Context, string) (container.API, error) {
		told++
		return nil, fault.New(fault.Denied, "not for you", "")
	}
	if err := supervise.WriteRecord(d.RouterPID(), supervise.Record{Program: "x"}); err != nil {
		t.Fatal(err)
	}
	s := &supervised{Engine: container.New(o), systemd: units, dir: d, platform: engineapi.Podman}
	for what, end := range map[string]func(context.Context) error{"stop": s.Stop, "remove": s.Remove} {
		told = 0
		if err := end(t.Context()); told == 0 || err == nil || !strings.Contains(err.Error(), "no room") || !strings.Contains(err.Error(), "not for you") {
			t.Errorf("%s: the engine was told %d times: %v", what, told, err)
		}
	}
}
