//go:build linux

package takeover

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/loopback"
)

// authorities are those of a namespace, all of them.
func (w world) authorities(namespace string) string {
	w.t.Helper()
	var all strings.Builder
	for _, name := range []string{"skupper-site-ca", "skupper-local-ca", "skupper-service-ca"} {
		all.WriteString(w.read(namespace, "runtime", "issuers", name, "tls.crt"))
		all.WriteString(w.read(namespace, "runtime", "issuers", name, "tls.key"))
	}
	return all.String()
}

// linked waits until a namespace has so many links of its own, all ready.
func (w world) linked(namespace string, links int) {
	w.t.Helper()
	var out string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		out = w.podman("link", "status", "--namespace", namespace)
		if len(regexp.MustCompile(`(?m)^\S+ +Ready .*OK`).FindAllString(out, -1)) == links {
			return
		}
	}
	w.t.Errorf("%d links of %s are not ready:\n%s", links, namespace, out)
}

// token issues one.
func (w world) token(namespace string) string {
	w.t.Helper()
	file := filepath.Join(w.t.TempDir(), "token.yaml")
	w.podman("token", "issue", file, "--namespace", namespace)
	return file
}

// A site of ours is reloaded by the original, which signs what it needs with our authorities: who is linked stays so, its links serve
// others, and what it redeems counts when ours runs the site again.
func TestOriginalReloadsOurs(t *testing.T) {
	w := setUp(t)
	server, client := loopback.Echo(t), loopback.FreePort(t)
	w.podman("site", "create", "west", "--enable-link-access", "--platform", "linux") // the names are those that lasting knows
	w.podman("connector", "create", "backend", fmt.Sprint(server), "--host", "127.0.0.1")
	w.podman("site", "create", "other", "--namespace", "other", "--platform", "linux", "--enable-link-access")
	w.podman("token", "redeem", w.token("default"), "--namespace", "other")
	w.podman("listener", "create", "backend", fmt.Sprint(client), "--host", "127.0.0.1", "--namespace", "other")
	carries(t, client)
	before, ca := lasting(t, w.read("default", "runtime", "router", "skrouterd.json")), w.authorities("default")

	w.podman("system", "stop")
	if out := w.skupper("system", "reload"); !strings.Contains(out, `Site "west" has been created`) {
		t.Errorf("reload says %q", out)
	}
	if now := w.authorities("default"); now != ca {
		t.Error("the original has replaced the authorities")
	}
	if now := lasting(t, w.read("default", "runtime", "router", "skrouterd.json")); now != before {
		t.Errorf("before %s, after %s", before, now)
	}
	link := filepath.Join(t.TempDir(), "link.yaml")
	if err := os.WriteFile(link, []byte(w.skupper("link", "generate", "--host", "127.0.0.1")), 0o600); err != nil {
		t.Fatal(err)
	}
	w.podman("site", "create", "third", "--namespace", "third", "--platform", "linux", "--enable-link-access")
	w.podman("system", "apply", "-f", link, "--namespace", "third")
	w.skupper("token", "redeem", w.token("third"))
	w.skupper("system", "reload") // with the link that it has redeemed

	w.podman("system", "start")
	carries(t, client)
	w.linked("default", 1)
	w.linked("third", 1)
	w.linked("other", 1)
	if now := w.authorities("default"); now != ca {
		t.Error("the authorities were replaced in the end")
	}
	if now := lasting(t, w.read("default", "runtime", "router", "skrouterd.json")); now != before {
		t.Errorf("before %s, in the end %s", before, now)
	}
	for _, namespace := range []string{"default", "other", "third"} {
		w.podman("site", "delete", "--all", "--namespace", namespace)
	}
}

// Authorities of ours stay when a site is deleted, and the original starts the next one with them.
func TestOriginalStartsWhereOursWas(t *testing.T) {
	w := setUp(t)
	w.podman("site", "create", "west", "--enable-link-access", "--platform", "linux", "--wait", "ready")
	ca := w.authorities("default")
	w.podman("site", "delete", "--all")
	w.podman("system", "uninstall") // else our agent has the next site too
	w.skupper("site", "create", "west", "--enable-link-access")
	w.skupper("system", "start")
	if now := w.authorities("default"); now != ca {
		t.Error("the original has replaced the authorities")
	}
	if out := w.skupper("site", "status"); !regexp.MustCompile(`west\s+Ready\s+OK`).MatchString(out) {
		t.Errorf("site status: %s", out)
	}
}
