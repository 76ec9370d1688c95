//go:build e2e

package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/loopback"
)

// hold takes a port of loopback until release is called.
func hold(t *testing.T, port int) (release func()) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
	if err != nil {
		t.Fatal(err)
	}
	done := false
	release = func() {
		if !done {
			done = true
			_ = ln.Close()
		}
	}
	t.Cleanup(release)
	return release
}

// The port of a listener that somebody else has is named with its holder, and used as soon as it is free.
func TestListenersPortTaken(t *testing.T) {
	t.Parallel()
	p := in(t, "west")
	p.do("site", "create", "west")
	port := loopback.FreePort(t)
	release := hold(t, port)
	echo := loopback.Echo(t)
	p.do("connector", "create", "backend", strconv.Itoa(echo), "--host", "127.0.0.1")
	p.try("listener", "create", "backend", strconv.Itoa(port), "--host", "127.0.0.1", "--timeout", "2s")
	p.shows(patience, fmt.Sprintf(`port %d .*in use by process %d \(e2e.test\)`, port, os.Getpid()), "listener", "status")
	release()
	p.shows(patience, `(?m)^backend +Ready`, "listener", "status")
	exchange(t, port)
}

// The router's own port, once the router has had it: it stays the site's, and the status names who has it meanwhile.
func TestRoutersPortTaken(t *testing.T) { // alone: its ports are free for others now and then
	p := in(t, "west")
	p.do("site", "create", "west")
	b, err := os.ReadFile(p.dir("internal", "state.json"))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`"skupper-local-normal": (\d+)`).FindSubmatch(b)
	if m == nil {
		t.Fatalf("no port in %s", b)
	}
	port, _ := strconv.Atoi(string(m[1]))
	p.do("system", "stop")
	release := hold(t, port)
	// A stranger that answers there is not taken for the router.
	r := p.try("system", "start", "--timeout", "3s")
	if r.code == 0 {
		p.shows(patience, `west +Ready`, "site", "status") // another port was chosen
	} else if !strings.Contains(r.err, fmt.Sprintf("port %d is in use by process %d", port, os.Getpid())) {
		t.Errorf("ended with %d and said %s", r.code, r.err)
	}
	release()
	p.shows(patience, `west +Ready`, "site", "status")
	p.alone()
}

// The port of the grant server is free for others between tokens; then it moves, and says so.
func TestGrantPortTaken(t *testing.T) { // alone: its ports are free for others now and then
	west := in(t, "west")
	west.do("site", "create", "west", "--enable-link-access")
	first := west.issue()
	signal(t, west.agent(), syscall.SIGKILL)
	text, err := os.ReadFile(west.agentDir("grant-port"))
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	var ln net.Listener
	soon(t, patience, "the port of the dead agent", func() bool {
		ln, err = net.Listen("tcp", ":"+strconv.Itoa(port))
		return err == nil || west.agent() != 0 && alive(west, west.agent(), 0)
	})
	if ln == nil {
		t.Skip("NOT TESTED this time: the next agent was faster")
	}
	defer ln.Close() // nothing is answered there
	east := west.beside("east")
	east.do("site", "create", "east")
	west.do("system", "reload")
	second := west.issue()
	if strings.Contains(read(t, second).URL, ":"+strconv.Itoa(port)+"/") {
		t.Errorf("the token leads to a port that somebody else has: %s", read(t, second).URL)
	}
	east.do("token", "redeem", second)
	_ = first
	b, err := os.ReadFile(west.agentDir("agent.log"))
	if err != nil || !strings.Contains(string(b), fmt.Sprintf("port %d is in use by process %d", port, os.Getpid())) {
		t.Errorf("the log does not tell why it moved: %v", err)
	}
}

// A router that hangs is said to, and goes on afterwards. The agent neither starts a second one nor ends it.
func TestRouterHangs(t *testing.T) {
	t.Parallel()
	p := in(t, "west")
	p.do("site", "create", "west")
	router := p.router()
	signal(t, router, syscall.SIGSTOP)
	p.shows(patience, `does not answer`, "site", "status")
	signal(t, router, syscall.SIGCONT)
	p.shows(patience, `west +Ready`, "site", "status")
	p.alone()
	if p.router() != router {
		t.Error("it is another router now")
	}
}

// What a certificate's files lose is made again, while traffic goes on.
func TestCertificatesDamaged(t *testing.T) {
	t.Parallel()
	west := in(t, "west")
	west.do("site", "create", "west", "--enable-link-access")
	east := west.beside("east")
	east.do("site", "create", "east")
	east.do("token", "redeem", west.issue())
	port := loopback.FreePort(t)
	west.do("connector", "create", "backend", strconv.Itoa(loopback.Echo(t)), "--host", "127.0.0.1")
	east.do("listener", "create", "backend", strconv.Itoa(port), "--host", "127.0.0.1")
	east.shows(patience, `(?m)^backend +Ready`, "listener", "status")
	certs := func(parts ...string) string {
		return west.dir(append([]string{"runtime", "certs"}, parts...)...)
	}
	for name, spoil := range map[string]func() error{
		"deleted":   func() error { return os.RemoveAll(certs("skupper-site-server")) },
		"corrupted": func() error { return os.WriteFile(certs("skupper-site-server", "tls.crt"), []byte("x"), 0o644) },
		"key lost":  func() error { return os.Remove(certs("skupper-local-server", "tls.key")) },
		"clients":   func() error { return os.RemoveAll(certs("skupper-local-client")) },
		"all": func() error {
			return os.RemoveAll(certs())
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := spoil(); err != nil {
				t.Fatal(err)
			}
			west, east := west, east
			west.t, east.t = t, t
			west.do("system", "reload")
			if _, err := os.Stat(certs("skupper-local-client", "tls.key")); err != nil {
				t.Error(err)
			}
			west.shows(patience, `west +Ready`, "site", "status")
			east.shows(patience, `Ready +1 +OK`, "link", "status")
			exchange(t, port)
		})
	}
}

// A namespace whose directory is removed ends, and nothing comes back.
func TestNamespaceRemoved(t *testing.T) {
	t.Parallel()
	west := in(t, "west")
	west.do("site", "create", "west")
	east := west.beside("east")
	east.do("site", "create", "east")
	remove(t, west.dir())
	soon(t, patience, "the end of the router", func() bool { _, n := west.running(); return n == 0 })
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if left, _ := filepath.Glob(west.dir("*")); left != nil {
			t.Fatalf("it is there again: %v\n%s", left, east.logs())
		}
	}
	east.shows(patience, `east +Ready`, "site", "status")
	east.alone()
	west.do("site", "create", "west") // it can be made anew
	west.shows(patience, `west +Ready`, "site", "status")
}

// Two sites of one name in one network, in two installations: each keeps what is its own.
func TestSitesOfOneName(t *testing.T) {
	t.Parallel()
	a, b := in(t, "one"), in(t, "one")
	a.do("site", "create", "same", "--enable-link-access")
	b.do("site", "create", "same")
	b.do("token", "redeem", a.issue())
	b.shows(patience, `Ready +1 +OK`, "link", "status")
	port := loopback.FreePort(t)
	a.do("connector", "create", "backend", strconv.Itoa(loopback.Echo(t)), "--host", "127.0.0.1")
	b.do("listener", "create", "backend", strconv.Itoa(port), "--host", "127.0.0.1")
	b.shows(patience, `(?m)^backend +Ready`, "listener", "status")
	exchange(t, port)
}
