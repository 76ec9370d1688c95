//go:build unix

package agent_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
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
	_ = fs.String("program-file", "", "")
	_ = fs.Bool("revive", false, "")
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
	dir, err := os.MkdirTemp("", "sk") //nolint:usetesting // short, for the socket
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
