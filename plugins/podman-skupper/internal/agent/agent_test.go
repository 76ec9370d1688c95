//go:build unix

package agent_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/agent"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/claim"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/daemon"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/token"
)

// TestMain lets the test's program be the routers of the sites under test, with the engine that the real program has.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "router" {
		os.Exit(router(os.Args[2:]))
	}
	goleak.VerifyTestMain(m)
}

func router(args []string) int {
	fs := flag.NewFlagSet("router", flag.ExitOnError)
	r := daemon.Router{Version: "test"}
	fs.StringVar(&r.Config, "c", "", "")
	fs.StringVar(&r.PIDFile, "pid", "", "")
	fs.StringVar(&r.Log, "log", "", "")
	_ = fs.Parse(args)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := r.Run(ctx, os.Stderr); err != nil {
		return 1
	}
	return 0
}

// world is an installation with one agent.
type world struct {
	t     *testing.T
	paths filestore.Paths
	log   *lockedBuffer
	stop  func()
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "sk") // short, for the socket
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, paths: filestore.Under(dir), log: &lockedBuffer{}}
	t.Cleanup(func() {
		w.stop()
		names, _ := w.paths.List()
		for _, n := range names {
			w.signal(n, syscall.SIGKILL)
			if t.Failed() {
				b, _ := os.ReadFile(w.paths.Namespace(n).RouterLog())
				t.Logf("router log of %s:\n%s", n, b[max(0, len(b)-4000):])
			}
		}
		if t.Failed() {
			t.Logf("agent log:\n%s", w.log)
		}
		_ = os.RemoveAll(dir)
	})
	w.start()
	return w
}

// start runs an agent; stop ends it.
func (w *world) start() {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	log := zerolog.New(w.log)
	go func() {
		done <- agent.Run(ctx, agent.Options{Paths: w.paths, Version: "test", Log: log, Now: time.Now, Engine: daemon.Engine(nil, os.Args[0], log)})
	}()
	w.stop = func() {
		cancel()
		if done == nil {
			return
		}
		if err := <-done; err != nil {
			w.t.Errorf("agent: %v", err)
		}
		done = nil
	}
	w.eventually("the agent to answer", func() error {
		_, err := w.client().Health(ctx)
		return err
	})
}

func (w *world) client() *agent.Client { return agent.NewClient(w.paths.AgentSocket()) }

func (w *world) store(ns string) *filestore.Store {
	return filestore.Open(w.paths.Namespace(ns), time.Now)
}

func (w *world) create(ns string, objs ...v2alpha1.Object) {
	w.t.Helper()
	for _, o := range objs {
		if err := w.store(ns).Create(w.t.Context(), o); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) eventually(what string, check func() error) {
	w.t.Helper()
	var err error
	for deadline := time.Now().Add(40 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	w.t.Fatalf("%s: %v", what, err)
}

// ready waits until a resource is ready.
func (w *world) ready(ns, kind, name string) {
	w.t.Helper()
	w.status(ns, kind, name, v2alpha1.StatusReady, "")
}

func (w *world) status(ns, kind, name string, want v2alpha1.StatusType, message string) {
	w.t.Helper()
	w.eventually(kind+" "+name+" to be "+string(want), func() error {
		o, err := w.store(ns).Get(w.t.Context(), kind, name)
		if err != nil {
			return err
		}
		s := v2alpha1.StatusOf(o)
		if s.StatusType != want || !strings.Contains(s.Message, message) {
			return fmt.Errorf("it is %s %q", s.StatusType, s.Message)
		}
		return nil
	})
}

func (w *world) pid(ns string) int {
	r, err := supervise.ReadRecord(w.paths.Namespace(ns).RouterPID())
	if err != nil || !r.Alive() {
		return 0
	}
	return r.PID
}

func (w *world) signal(ns string, sig syscall.Signal) {
	if r, err := supervise.ReadRecord(w.paths.Namespace(ns).RouterPID()); err == nil {
		_ = r.Signal(sig)
	}
}

func (w *world) reconcile(ns string) agent.Report {
	w.t.Helper()
	rep, err := w.client().Reconcile(w.t.Context(), ns, false)
	if err != nil {
		w.t.Fatal(err)
	}
	return rep
}

func newSite(name string) *v2alpha1.Site {
	s := &v2alpha1.Site{}
	s.Name = name
	return s
}

// loopbackSite accepts links on the loopback address only.
func loopbackSite(name string) []v2alpha1.Object {
	s := newSite(name)
	s.Spec.LinkAccess = v2alpha1.LinkAccessDefault
	ra := &v2alpha1.RouterAccess{Spec: v2alpha1.RouterAccessSpec{BindHost: "127.0.0.1", Roles: []v2alpha1.RouterAccessRole{{Name: v2alpha1.RoleInterRouter}}}}
	ra.Name = name
	return []v2alpha1.Object{s, ra}
}

func newGrant(name string, uses int) *v2alpha1.AccessGrant {
	g := &v2alpha1.AccessGrant{Spec: v2alpha1.AccessGrantSpec{RedemptionsAllowed: uses, ExpirationWindow: "5m"}}
	g.Name = name
	return g
}

// token waits until a grant is ready and gives its token.
func (w *world) token(ns, name string) token.Token {
	w.t.Helper()
	w.ready(ns, v2alpha1.KindAccessGrant, name)
	o, err := w.store(ns).Get(w.t.Context(), v2alpha1.KindAccessGrant, name)
	if err != nil {
		w.t.Fatal(err)
	}
	g, _ := o.(*v2alpha1.AccessGrant)
	return token.Token{Name: name, URL: g.Status.URL, Code: g.Status.Code, CA: g.Status.CA, LinkCost: 3}
}

func (w *world) redeem(ns string, tok token.Token) ([]string, error) {
	return claim.Redeemer{Store: w.store(ns), Now: time.Now}.Redeem(w.t.Context(), tok)
}

// freePorts are ports that nothing listens on.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var out []int
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = ln.Close() }()
		out = append(out, ln.Addr().(*net.TCPAddr).Port)
	}
	return out
}

// echo is a server that sends back what it gets.
func echo(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer func() { _ = c.Close() }()
				_, _ = io.Copy(c, c)
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		conns.Wait()
	})
	return ln.Addr().(*net.TCPAddr).Port
}

// exchange sends a line to a port and wants it back.
func exchange(port int) error {
	c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(3 * time.Second))
	if _, err := c.Write([]byte("hello\n")); err != nil {
		return err
	}
	b := make([]byte, 6)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello\n" {
		return fmt.Errorf("got %q, %w", b, errors.Join(err))
	}
	return nil
}

// TestStory is the whole of it: two sites, a token, a service; and then everything that can end is ended.
func TestStory(t *testing.T) {
	w := newWorld(t)
	w.create("west", append(loopbackSite("west"), newGrant("tok", 1))...)
	tok := w.token("west", "tok")
	if links, err := w.redeem("east", tok); err != nil || !slices.Equal(links, []string{"tok"}) { // before there is a site
		t.Fatalf("got %v, %v", links, err)
	}
	server, client := echo(t), freePorts(t, 1)[0]
	con := &v2alpha1.Connector{Spec: v2alpha1.ConnectorSpec{RoutingKey: "k", Host: "127.0.0.1", Port: server}}
	con.Name = "back"
	lis := &v2alpha1.Listener{Spec: v2alpha1.ListenerSpec{RoutingKey: "k", Host: "127.0.0.1", Port: client}}
	lis.Name = "front"
	w.create("west", con)
	w.create("east", newSite("east"), lis)
	w.ready("west", v2alpha1.KindSite, "west")
	w.ready("east", v2alpha1.KindLink, "tok")
	w.ready("east", v2alpha1.KindListener, "front")
	w.eventually("an exchange", func() error { return exchange(client) })

	t.Run("secrets", func(t *testing.T) { checkPermissions(t, w.paths.Data()) })

	t.Run("no second use", func(t *testing.T) {
		if links, err := w.redeem("east", tok); err != nil || len(links) != 1 {
			t.Errorf("redeeming it where its link is: %v, %v", links, err)
		}
		if _, err := w.redeem("north", tok); fault.KindOf(err) != fault.Denied {
			t.Errorf("redeeming it elsewhere: %v", err)
		}
	})

	t.Run("agent ends", func(t *testing.T) {
		west, east := w.pid("west"), w.pid("east")
		w.stop()
		if err := exchange(client); err != nil {
			t.Errorf("without the agent: %v", err)
		}
		w.start()
		w.reconcile("west")
		w.reconcile("east")
		if w.pid("west") != west || w.pid("east") != east {
			t.Error("routers were restarted")
		}
		if err := exchange(client); err != nil {
			t.Errorf("with the next agent: %v", err)
		}
	})

	t.Run("router is killed", func(t *testing.T) {
		ports, err := os.ReadFile(w.paths.Namespace("west").State())
		if err != nil {
			t.Fatal(err)
		}
		old := w.pid("west")
		w.signal("west", syscall.SIGKILL)
		w.eventually("another router", func() error {
			if p := w.pid("west"); p == 0 || p == old {
				return fmt.Errorf("process is %d", p)
			}
			return nil
		})
		w.eventually("an exchange", func() error { return exchange(client) })
		again, err := os.ReadFile(w.paths.Namespace("west").State())
		if err != nil || !bytes.Equal(ports, again) {
			t.Errorf("ports changed from %s to %s, %v", ports, again, err)
		}
	})

	t.Run("stopped stays stopped", func(t *testing.T) {
		stopped := w.paths.Namespace("west").Stopped()
		if err := os.WriteFile(stopped, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if rep := w.reconcile("west"); !rep.Stopped || rep.Error != "" || w.pid("west") != 0 {
			t.Errorf("got %+v, process %d", rep, w.pid("west"))
		}
		w.stop()
		w.start()
		if w.reconcile("west"); w.pid("west") != 0 {
			t.Error("the next agent started it")
		}
		w.status("west", v2alpha1.KindSite, "west", v2alpha1.StatusPending, "stopped by the user")
		w.status("east", v2alpha1.KindLink, "tok", v2alpha1.StatusPending, "")
		if err := os.Remove(stopped); err != nil {
			t.Fatal(err)
		}
		w.reconcile("west")
		w.ready("east", v2alpha1.KindLink, "tok")
		w.eventually("an exchange", func() error { return exchange(client) })
	})

	t.Run("broken file", func(t *testing.T) {
		file := filepath.Join(w.paths.Namespace("east").InputResources(), "Listener-front.yaml")
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, good[:len(good)/2], 0o644); err != nil {
			t.Fatal(err)
		}
		w.status("east", v2alpha1.KindListener, "front", v2alpha1.StatusError, "Listener-front.yaml:")
		if err := exchange(client); err != nil {
			t.Errorf("the last good version is not in use: %v", err)
		}
		if err := os.WriteFile(file, good, 0o644); err != nil {
			t.Fatal(err)
		}
		w.ready("east", v2alpha1.KindListener, "front")
	})

	t.Run("site is deleted", func(t *testing.T) {
		east := w.paths.Namespace("east")
		if err := w.store("east").Delete(t.Context(), v2alpha1.KindSite, "east"); err != nil {
			t.Fatal(err)
		}
		if rep := w.reconcile("east"); rep.Error != "" || w.pid("east") != 0 {
			t.Errorf("got %+v, process %d", rep, w.pid("east"))
		}
		for _, gone := range []string{east.RouterConfig(), east.Platform(), filepath.Join(east.RuntimeCerts(), "skupper-local-server")} {
			if _, err := os.Stat(gone); err == nil {
				t.Errorf("%s is left", gone)
			}
		}
		if _, err := os.Stat(filepath.Join(east.InputResources(), "Listener-front.yaml")); err != nil {
			t.Errorf("what the user made is gone: %v", err)
		}
		w.status("east", v2alpha1.KindListener, "front", v2alpha1.StatusError, "No active site")
	})

	t.Run("directory is removed", func(t *testing.T) {
		if err := os.RemoveAll(w.paths.Namespace("west").Root()); err != nil {
			t.Fatal(err)
		}
		w.eventually("the router to end", func() error {
			if strings.Contains(w.log.String(), "namespace.removed") {
				return nil
			}
			return errors.New("not noticed")
		})
		time.Sleep(100 * time.Millisecond)
		if _, err := os.Stat(w.paths.Namespace("west").Root()); err == nil {
			t.Error("it was made again")
		}
	})
}

// checkPermissions wants everything that holds a secret to be readable by its owner only.
func checkPermissions(t *testing.T, dir string) {
	t.Helper()
	found := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if bytes.Contains(b, []byte("PRIVATE KEY")) || bytes.Contains(b, []byte("tls.key: ")) || bytes.Contains(b, []byte("code: ")) {
			found++
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
		}
		return nil
	})
	if err != nil || found < 8 {
		t.Errorf("%d files with secrets, %v", found, err)
	}
}

func TestOneAgent(t *testing.T) {
	w := newWorld(t)
	err := agent.Run(t.Context(), agent.Options{Paths: w.paths, Log: zerolog.Nop(), Now: time.Now})
	if fault.KindOf(err) != fault.Conflict {
		t.Errorf("a second agent: %v", err)
	}
	if info, err := os.Stat(w.paths.AgentSocket()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket: %v %v", info, err)
	}
	if err := w.client().Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	w.eventually("its end", func() error {
		if _, err := w.client().Health(t.Context()); !errors.Is(err, agent.ErrNoAgent) {
			return fmt.Errorf("got %w", errors.Join(err))
		}
		return nil
	})
	// What a killed agent leaves behind.
	if err := os.WriteFile(w.paths.AgentSocket(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w.stop()
	w.start()
}

// A token that lies in the input is redeemed once, and says what came of it.
func TestTokenInInput(t *testing.T) {
	w := newWorld(t)
	w.create("west", append(loopbackSite("west"), newGrant("tok", 1))...)
	tok := w.token("west", "tok")
	bad := tok
	bad.Name, bad.Code = "bad", "wrong"
	w.create("east", newSite("east"), tok.Object(), bad.Object())
	w.ready("east", v2alpha1.KindAccessToken, "tok")
	w.status("east", v2alpha1.KindAccessToken, "bad", v2alpha1.StatusError, "")
	w.ready("east", v2alpha1.KindLink, "tok")
	l, err := w.store("east").Get(t.Context(), v2alpha1.KindLink, "tok")
	if err != nil || l.(*v2alpha1.Link).Spec.Cost != 3 {
		t.Errorf("got %+v, %v", l, err)
	}
	w.stop()
	w.start()
	w.reconcile("east")
	w.ready("east", v2alpha1.KindAccessToken, "tok")
	g, err := w.store("west").Get(t.Context(), v2alpha1.KindAccessGrant, "tok")
	if err != nil || g.(*v2alpha1.AccessGrant).Status.Redemptions != 1 {
		t.Errorf("got %+v, %v", g, err)
	}
}

// The grant server keeps its port over restarts, and gives it up to a listener only when nobody can use it any more.
func TestGrantServerPort(t *testing.T) {
	w := newWorld(t)
	w.create("west", append(loopbackSite("west"), newGrant("tok", 1))...)
	tok := w.token("west", "tok")
	w.stop()
	w.start()
	again := w.token("west", "tok")
	if again.URL != tok.URL || again.Code != tok.Code || again.CA != tok.CA {
		t.Errorf("the token changed from %s to %s", tok.URL, again.URL)
	}
	h, err := w.client().Health(t.Context())
	if err != nil || h.Grants == "" {
		t.Fatalf("got %+v, %v", h, err)
	}
	var port int
	if _, err := fmt.Sscanf(h.Grants, "https://:%d", &port); err != nil {
		t.Fatal(err)
	}
	lis := &v2alpha1.Listener{Spec: v2alpha1.ListenerSpec{RoutingKey: "k", Host: "127.0.0.1", Port: port}}
	lis.Name = "front"
	w.create("west", lis)
	w.status("west", v2alpha1.KindListener, "front", v2alpha1.StatusError, "grant server")
	if _, err := w.redeem("east", tok); err != nil {
		t.Fatal(err)
	}
	w.status("west", v2alpha1.KindListener, "front", v2alpha1.StatusPending, "No matching connectors")
	if c, err := tls.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port), &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}); err == nil {
		_ = c.Close()
		t.Error("the grant server still has the port")
	}
}

func TestPortTaken(t *testing.T) {
	w := newWorld(t)
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	port := other.Addr().(*net.TCPAddr).Port
	lis := &v2alpha1.Listener{Spec: v2alpha1.ListenerSpec{RoutingKey: "k", Host: "127.0.0.1", Port: port}}
	lis.Name = "front"
	w.create("west", newSite("west"), lis)
	w.status("west", v2alpha1.KindListener, "front", v2alpha1.StatusError, fmt.Sprintf("port %d on this machine is in use by process %d", port, os.Getpid()))
	_ = other.Close()
	w.status("west", v2alpha1.KindListener, "front", v2alpha1.StatusPending, "")

	// A port of the router itself that somebody takes while the site is stopped.
	stopped := w.paths.Namespace("west").Stopped()
	if err := os.WriteFile(stopped, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	w.reconcile("west")
	var local int
	state, err := os.ReadFile(w.paths.Namespace("west").State())
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(state), `"skupper-local-normal": `)
	if _, err := fmt.Sscan(strings.TrimRight(strings.SplitN(after, "\n", 2)[0], ","), &local); err != nil {
		t.Fatal(err)
	}
	thief, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", local))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = thief.Close() }()
	if err := os.Remove(stopped); err != nil {
		t.Fatal(err)
	}
	if rep := w.reconcile("west"); !strings.Contains(rep.Error, fmt.Sprintf("port %d is in use by process %d", local, os.Getpid())) {
		t.Errorf("got %+v", rep)
	}
	_ = thief.Close()
	w.ready("west", v2alpha1.KindSite, "west")
}
