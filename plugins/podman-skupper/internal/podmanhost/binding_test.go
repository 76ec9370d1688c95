package podmanhost

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/lockfile"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/command"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

// A namespace whose unit would be another program's gets no site, by whatever command.
func TestReservedNamespaces(t *testing.T) {
	home := t.TempDir() + "/home"
	h := New("test")
	h.getenv = func(name string) string { return map[string]string{"SKUPPER_HOME": home}[name] }
	file := t.TempDir() + "/site.yaml"
	if err := os.WriteFile(file, []byte("apiVersion: skupper.io/v2alpha1\nkind: Site\nmetadata: {name: x}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, namespace := range []string{"agent", "controller"} {
		for _, args := range [][]string{{"site", "create", "x"}, {"system", "apply", "-f", file}, {"system", "generate-bundle", "x"}} {
			var out, errs bytes.Buffer
			args = append(args, "--platform", "linux", "--namespace", namespace)
			if code := command.Main(t.Context(), h, host.Streams{Out: &out, Err: &errs}, args); code == 0 || !strings.Contains(errs.String(), "can have no site") || !strings.Contains(errs.String(), "another --namespace") {
				t.Errorf("%v: exit code %d: %s", args, code, errs.String())
			}
		}
		if entries, _ := os.ReadDir(home + "/namespaces/" + namespace + "/input/resources"); len(entries) != 0 {
			t.Errorf("it left %v", entries)
		}
	}
}

// newest is a Podman that can do everything.
type newest struct{}

func (newest) Older(int, int) bool { return false }
func (newest) Version() string     { return "9.0" }

// A Quadlet file is run by the user's own Podman, and names paths without quotes.
func TestCanQuadlet(t *testing.T) {
	none := func(context.Context) *supervise.Systemd { return nil }
	usual := engineapi.Endpoint(engineapi.Podman, os.Getuid(), func(string) string { return "" })
	h := Host{getenv: func(string) string { return "" }}
	no := func() bool { return false }
	for name, tt := range map[string]struct {
		endpoint, home string
		split          func() bool
		want           string
	}{
		"usual":    {usual, "/var/lib/skupper", nil, "no systemd"}, // what else it needs
		"another":  {"unix:///other.sock", "/var/lib/skupper", nil, "in the one at /other.sock"},
		"white":    {usual, "/var/my lib", nil, "white space"},
		"colon":    {usual, "/var/a:b", nil, "a colon"},
		"contents": {usual, "/var/50%", nil, "no systemd"},
		"groups":   {usual, "/var/lib/skupper", no, "control groups of version 2"},
	} {
		b := binding{Store: filestore.Open(filestore.Under(tt.home).Namespace("west"), time.Now), h: h, systemd: none, split: tt.split}
		if err := b.canQuadlet(t.Context(), newest{}, tt.endpoint); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(fault.Hint(err), "leave --quadlet out") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Skupper's own controller on the same namespaces is told of when a site is made, and by doctor.
func TestOtherController(t *testing.T) {
	home := t.TempDir() + "/home"
	h := New("test")
	h.getenv = func(name string) string { return map[string]string{"SKUPPER_HOME": home}[name] }
	namespaces := filestore.Under(home).Namespaces()
	if err := filestore.MakeDir(namespaces, 0o755); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) string {
		var out, errs bytes.Buffer
		_ = command.Main(t.Context(), h, host.Streams{Out: &out, Err: &errs}, append(args, "--platform", "linux"))
		return out.String() + errs.String()
	}
	for _, held := range []bool{false, true} {
		if held {
			l, err := lockfile.Try(namespaces + "/controller.lock")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Release()
		}
		if out := run("system", "doctor"); strings.Contains(out, "skupper system uninstall") != held {
			t.Errorf("held %v: doctor says %s", held, out)
		}
	}
	var said bytes.Buffer
	b := binding{Store: filestore.Open(filestore.Under(home).Namespace("west"), time.Now), h: h, platform: filestore.PlatformLinux, say: &said,
		systemd: func(context.Context) *supervise.Systemd { return nil }}
	if _, err := b.bind(t.Context(), b.Dir()); err != nil || !strings.Contains(said.String(), "to end it: skupper system uninstall") {
		t.Errorf("%v; said %q", err, said.String())
	}
}

// A router of which nobody knows whether it runs may run.
func TestUninstallWithoutEngine(t *testing.T) {
	home := t.TempDir() + "/home"
	d := filestore.Under(home).Namespace("west")
	if err := filestore.MakeDir(d.Internal(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := d.BindPlatform(engineapi.Podman); err != nil {
		t.Fatal(err)
	}
	if err := (container.Settings{Endpoint: "unix:///nowhere/podman.sock", Router: container.Embedded, Image: "i", Pull: container.PullNever}).Write(d.Container()); err != nil {
		t.Fatal(err)
	}
	h := New("test")
	h.getenv = func(name string) string { return map[string]string{"SKUPPER_HOME": home}[name] }
	for _, tt := range []struct {
		args []string
		ok   bool
	}{{[]string{"system", "uninstall"}, false}, {[]string{"system", "uninstall", "--force"}, true}} {
		var out, errs bytes.Buffer
		if code := command.Main(t.Context(), h, host.Streams{Out: &out, Err: &errs}, tt.args); (code == 0) != tt.ok || !tt.ok && !strings.Contains(errs.String(), "sites run in west (perhaps: ") {
			t.Errorf("%v: exit code %d: %s%s", tt.args, code, out.String(), errs.String())
		}
	}
}
