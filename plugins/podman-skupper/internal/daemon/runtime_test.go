//go:build unix

package daemon_test

import (
	"context"
	"errors"
	"flag"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/daemon"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/keys"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
	"github.com/skupper-plugins/suite/shared/site/sitetest"
)

// TestMain lets the test's program be the router under test.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "router" {
		os.Exit(router(os.Args[2:]))
	}
	goleak.VerifyTestMain(m)
}

func router(args []string) int {
	fs := flag.NewFlagSet("router", flag.ExitOnError)
	r := daemon.Router{Version: "test", Program: os.Getenv(daemon.RouterEnv)}
	fs.StringVar(&r.Config, "c", "", "")
	fs.StringVar(&r.PIDFile, "pid", "", "")
	fs.StringVar(&r.Log, "log", "", "")
	fs.StringVar(&r.ProgramFile, "program-file", "", "")
	_ = fs.Bool("revive", false, "")
	_ = fs.Parse(args)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := r.Run(ctx, os.Stderr); err != nil {
		return 1
	}
	return 0
}

// prepared is a namespace whose files are in place.
type prepared struct {
	dir     filestore.Dir
	runtime *supervise.Local
	desired site.Desired
}

func prepare(t *testing.T) prepared {
	t.Helper()
	return prepareOn(t, filestore.PlatformLinux)
}

func prepareOn(t *testing.T, platform string) prepared {
	t.Helper()
	dir := filestore.Under(t.TempDir()).Namespace("west")
	if err := dir.Make(); err != nil {
		t.Fatal(err)
	}
	s := &v2alpha1.Site{}
	s.Name, s.UID = "west", "0f0e0d0c-0000-4000-8000-000000000001"
	res := site.Resources{Namespace: "west", Platform: platform, Version: "test", Sites: []*v2alpha1.Site{s}, RouterSuffix: "x",
		CertDir: dir.RuntimeCerts(), ProxyDir: dir.RuntimeProxies(), TakenPorts: supervise.BusyPorts()}
	if platform != filestore.PlatformLinux {
		res.CertDir, res.ProxyDir = container.CertDir, container.ProxyDir
	}
	if err := dir.BindPlatform(platform); err != nil {
		t.Fatal(err)
	}
	d, err := site.Plan(res, site.Observed{Now: time.Now(), Ports: map[string]int{supervise.LocalListener: freePort(t)}})
	if err != nil {
		t.Fatal(err)
	}
	ring := keys.Ring{Issuers: dir.RuntimeIssuers(), Certs: dir.RuntimeCerts(), Now: time.Now()}
	if _, _, _, err := ring.Ensure(d.Certificates); err != nil {
		t.Fatal(err)
	}
	p := prepared{dir: dir, desired: d, runtime: newRuntime(dir)}
	t.Cleanup(func() {
		_ = p.runtime.Remove(context.WithoutCancel(t.Context()))
		_ = p.runtime.Close()
		if t.Failed() {
			b, _ := os.ReadFile(dir.RouterLog())
			t.Logf("router log:\n%s", b)
		}
	})
	return p
}

func newRuntime(dir filestore.Dir) *supervise.Local {
	return supervise.NewLocal(supervise.Options{Engine: daemon.Engine(nil, os.Args[0], zerolog.Nop())(dir),
		ConfigFile: dir.RouterConfig(), CertDir: dir.RuntimeCerts(), Log: zerolog.Nop(), Now: time.Now,
		Variables: container.Variables})
}

func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().(*net.TCPAddr).Port
}

func TestRuntimeConformance(t *testing.T) {
	sitetest.TestRuntime(t, func(t *testing.T) sitetest.Trial {
		p := prepare(t)
		return sitetest.Trial{Runtime: p.runtime, Desired: p.desired, FreePort: freePort(t)}
	})
}

// A change that a running router cannot take restarts it, and one that is no configuration at all leaves it alone.
func TestRestartOnlyWhenNeeded(t *testing.T) {
	p := prepare(t)
	if err := p.runtime.Start(t.Context(), p.desired); err != nil {
		t.Fatal(err)
	}
	first := p.runtime.State(t.Context()).PID
	cfg := *p.desired.Config
	cfg.Router.HelloMaxAgeSeconds = 7
	changed := p.desired
	changed.Config = &cfg
	if err := p.runtime.Start(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	second := p.runtime.State(t.Context()).PID
	if second == 0 || second == first {
		t.Errorf("process %d, then %d: not restarted", first, second)
	}
	bad := cfg
	bad.Listeners = append([]config.Listener{{Name: "bad", Role: "nonsense", Port: "0"}}, cfg.Listeners...)
	changed.Config = &bad
	if err := p.runtime.Start(t.Context(), changed); err == nil || !strings.Contains(err.Error(), "keeps the one it has") {
		t.Errorf("got %v", err)
	}
	if now := p.runtime.State(t.Context()).PID; now != second {
		t.Errorf("process %d, then %d: a bad configuration ended the router", second, now)
	}
	if obs, err := p.runtime.Observe(t.Context()); err != nil || !obs.Running {
		t.Errorf("got %+v, %v", obs, err)
	}
}

// Another runtime, as of an agent that was started anew, adopts the router that runs.
func TestAdopt(t *testing.T) {
	p := prepare(t)
	if err := p.runtime.Start(t.Context(), p.desired); err != nil {
		t.Fatal(err)
	}
	first := p.runtime.State(t.Context()).PID
	other := newRuntime(p.dir)
	defer func() { _ = other.Close() }()
	if err := other.Start(t.Context(), p.desired); err != nil {
		t.Fatal(err)
	}
	if now := other.State(t.Context()).PID; now != first {
		t.Errorf("process %d, then %d", first, now)
	}
}

// A router whose namespace is removed ends by itself, even if nobody is there to end it.
func TestRouterOfRemovedNamespaceEnds(t *testing.T) {
	p := prepare(t)
	if err := p.runtime.Start(t.Context(), p.desired); err != nil {
		t.Fatal(err)
	}
	r, err := supervise.ReadRecord(p.dir.RouterPID())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(p.dir.Root()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		_ = p.runtime.State(t.Context()) // reaps it
		if !r.Alive() {
			break
		}
		if time.Now().After(deadline) {
			_ = r.Signal(syscall.SIGKILL)
			t.Fatal("it still runs")
		}
	}
}

// A program that cannot be a router says so, with its log.
func TestOtherProgram(t *testing.T) {
	t.Setenv(daemon.RouterEnv, "/bin/false")
	p := prepare(t)
	err := p.runtime.Start(t.Context(), p.desired)
	if err == nil || !strings.Contains(err.Error(), "ended right after its start") && !strings.Contains(err.Error(), "code 1") {
		t.Errorf("got %v", err)
	}
	t.Setenv(daemon.RouterEnv, "/nonexistent/skrouterd")
	p = prepare(t)
	if err := p.runtime.Start(t.Context(), p.desired); err == nil || !strings.Contains(err.Error(), "/nonexistent/skrouterd") {
		t.Errorf("got %v", err)
	}
}

// The same with the C router, where there is one.
func TestRuntimeConformanceOfSkrouterd(t *testing.T) {
	program := os.Getenv("SKROUTERD")
	if program == "" {
		t.Skip("SKROUTERD does not name a skrouterd program: the C router is not tried")
	}
	t.Setenv(daemon.RouterEnv, program)
	sitetest.TestRuntime(t, func(t *testing.T) sitetest.Trial {
		p := prepare(t)
		return sitetest.Trial{Runtime: p.runtime, Desired: p.desired, FreePort: freePort(t)}
	})
}

func TestAgentDoesNotStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := daemon.EnsureAgent(t.Context(), filestore.Under(file)); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("got %v", err)
	}
}

// unprepared is an engine that cannot get what the next router needs.
type unprepared struct {
	supervise.Engine
	err error
}

func (u *unprepared) Prepare(context.Context) error { return u.err }

// A router that has to be started anew, and could not be, goes on as it was until it can.
func TestNoRestartIntoNothing(t *testing.T) {
	p := prepare(t)
	engine := &unprepared{Engine: daemon.Engine(nil, os.Args[0], zerolog.Nop())(p.dir), err: errors.New("no room for the image")}
	l := supervise.NewLocal(supervise.Options{Engine: engine, ConfigFile: p.dir.RouterConfig(), CertDir: p.dir.RuntimeCerts(), Log: zerolog.Nop(), Now: time.Now})
	t.Cleanup(func() { _ = l.Close() })
	if err := l.Start(t.Context(), p.desired); err != nil {
		t.Fatal(err)
	}
	first := l.State(t.Context()).PID
	cfg := *p.desired.Config
	cfg.Router.HelloMaxAgeSeconds = 7
	changed := p.desired
	changed.Config = &cfg
	for range 2 {
		if err := l.Start(t.Context(), changed); !errors.Is(err, engine.err) || !strings.Contains(err.Error(), "the router goes on as it was") {
			t.Errorf("got %v", err)
		}
	}
	if now := l.State(t.Context()).PID; now != first {
		t.Errorf("process %d, then %d", first, now)
	}
	engine.err = nil
	l.Forget() // somebody wants it now
	if err := l.Start(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if now := l.State(t.Context()).PID; now == 0 || now == first {
		t.Errorf("process %d, then %d: not restarted", first, now)
	}
}
