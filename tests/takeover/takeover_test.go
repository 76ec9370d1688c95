//go:build linux

package takeover

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/loopback"
	"github.com/skupper-plugins/suite/tests/sandbox"
)

// inside makes a root directory in which nothing says that this is a container, as the original would look for its files elsewhere
// then, and where its data home is $1; the rest is run there.
const inside = `set -e
mount --make-rprivate /
root=$(mktemp -d)
mount -t tmpfs none "$root"
for d in bin sbin lib lib64 usr etc proc dev tmp root home; do
    if [ -L /$d ]; then cp -P /$d "$root/"; elif [ -d /$d ]; then mkdir -p "$root/$d"; mount --rbind /$d "$root/$d"; fi
done
mount -t tmpfs none "$root/etc/systemd/system" # its units are not for the systemd of this machine
mkdir -p "$root/run" "$root/var/lib/skupper"
mount --bind "$1" "$root/var/lib/skupper"
shift
exec chroot "$root" "$@"
`

// patience is how long things may take on a busy machine.
const patience = 3 * time.Minute

type world struct {
	t              *testing.T
	home           sandbox.Home
	ours, original string
	stubs          string // what the original needs to be there and this test does not: systemctl, skrouterd
}

func setUp(t *testing.T) world {
	t.Helper()
	original := os.Getenv("SKUPPER_CLI")
	if original == "" {
		t.Skip("SKIPPED: SKUPPER_CLI does not name the command line of Skupper itself")
	}
	if os.Getuid() != 0 {
		t.Skip("SKIPPED: the original is run in a root directory of its own, which takes root")
	}
	ours, err := sandbox.Build(t.Context(), t.TempDir(), "plugins/podman-skupper")
	if err != nil {
		t.Fatal(err)
	}
	w := world{t: t, home: sandbox.New(t), ours: ours, original: original, stubs: t.TempDir()}
	for _, name := range []string{"systemctl", "skrouterd"} {
		if err := os.WriteFile(filepath.Join(w.stubs, name), []byte("#!/bin/sh\nexit 0\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// skupper is the original.
func (w world) skupper(args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), "unshare", append([]string{"-m", "sh", "-c", inside, "sh", w.home.Dir, w.original}, args...)...)
	cmd.Env = []string{"PATH=" + w.stubs + ":/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/root", "USER=root", "SKUPPER_PLATFORM=linux"}
	cmd.Dir = "/"
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("the original, %q: %v: %s", args, err, out)
	}
	return string(out)
}

func (w world) podman(args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), w.ours, args...)
	cmd.Env = w.home.Env()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("ours, %q: %v: %s%s", args, err, out, &errs)
	}
	return string(out)
}

func (w world) read(path ...string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{w.home.Dir, "namespaces"}, path...)...))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// lasting is what must stay when another takes over: who the site is, and where others reach it.
func lasting(t *testing.T, config string) string {
	t.Helper()
	id := regexp.MustCompile(`\\"id\\":\s*\\"([^\\]+)\\"`).FindStringSubmatch(config)
	if id == nil {
		t.Fatalf("no site id in\n%s", config)
	}
	all := id[1]
	for _, name := range []string{"west-inter-router", "west-edge"} {
		// an entity is an object on several lines, or one line
		at := strings.Index(config, `"`+name+`"`)
		if at < 0 {
			t.Fatalf("no listener %s in\n%s", name, config)
		}
		begin, end := strings.LastIndex(config[:at], "{"), at+strings.Index(config[at:], "}")
		port := regexp.MustCompile(`"port":\s*"?(\d+)`).FindStringSubmatch(config[begin:end])
		if port == nil {
			t.Fatalf("listener %s has no port in\n%s", name, config)
		}
		all += " " + name + ":" + port[1]
	}
	return all
}

// carries waits until there is traffic.
func carries(t *testing.T, port int) {
	t.Helper()
	if err := loopback.Carries(port, patience); err != nil {
		t.Error(err)
	}
}

// G77, G79: a namespace of the original is run as it is, and keeps its identity, its ports and its authorities.
func TestOursTakesOver(t *testing.T) {
	w := setUp(t)
	server, client := loopback.Echo(t), loopback.FreePort(t)
	w.skupper("site", "create", "west", "--enable-link-access")
	w.skupper("connector", "create", "backend", fmt.Sprint(server), "--host", "127.0.0.1")
	w.skupper("listener", "create", "backend", fmt.Sprint(client), "--host", "127.0.0.1")
	busy, err := net.Listen("tcp", ":55671") // so that the site gets another port than the usual one, and has to keep it
	if err != nil {
		t.Skipf("SKIPPED: port 55671 is not to be had: %v", err)
	}
	w.skupper("system", "start")
	if err := busy.Close(); err != nil {
		t.Fatal(err)
	}
	before, ca := lasting(t, w.read("default", "runtime", "router", "skrouterd.json")), w.read("default", "runtime", "issuers", "skupper-site-ca", "tls.crt")

	if out := w.podman("site", "status", "--format", "{{.Name}}"); out != "west\n" {
		t.Errorf("site status before: %q", out)
	}
	w.podman("system", "start")
	carries(t, client)
	if after := lasting(t, w.read("default", "runtime", "router", "skrouterd.json")); after != before {
		t.Errorf("before %s, after %s", before, after)
	}
	if w.read("default", "runtime", "issuers", "skupper-site-ca", "tls.crt") != ca {
		t.Error("the authority was replaced")
	}
	w.originalReads("default", "west", "backend")
	w.podman("site", "delete", "--all")
}

// originalReads has the original show a namespace.
func (w world) originalReads(namespace, site, service string) {
	w.t.Helper()
	for _, tc := range []struct{ args, want string }{
		{"site status", site + `\s+Ready\s+OK`},
		{"listener status", service + `\s+Ready\s+` + service + `\s.*true`},
		{"connector status", service + `\s+Ready\s+` + service + `\s.*true`},
		{"link status", ``},
	} {
		out := w.skupper(append(strings.Fields(tc.args), "--namespace", namespace)...)
		if !regexp.MustCompile(tc.want).MatchString(out) {
			w.t.Errorf("the original's %s does not show %s:\n%s", tc.args, tc.want, out)
		}
	}
}

func TestOriginalReadsOurs(t *testing.T) {
	w := setUp(t)
	server, client := loopback.Echo(t), loopback.FreePort(t)
	w.podman("site", "create", "mine", "--enable-link-access", "--namespace", "ours", "--platform", "linux")
	w.podman("connector", "create", "backend", fmt.Sprint(server), "--host", "127.0.0.1", "--namespace", "ours")
	w.podman("listener", "create", "backend", fmt.Sprint(client), "--host", "127.0.0.1", "--namespace", "ours", "--wait", "ready")
	w.originalReads("ours", "mine", "backend")
	// Its system stop wants a container engine even for namespaces of its own on plain Linux, so it is not tried here.
}
