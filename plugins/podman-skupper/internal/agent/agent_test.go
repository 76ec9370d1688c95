//go:build unix

package agent_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/agent"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

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
	w.ready("west", v2alpha1.KindConnector, "back") // only the network can tell who listens elsewhere
	w.eventually("the name of the site at the other end", func() error {
		o, err := w.store("east").Get(t.Context(), v2alpha1.KindLink, "tok")
		if err != nil {
			return err
		}
		west, err := w.store("west").Get(t.Context(), v2alpha1.KindSite, "west")
		if l, _ := o.(*v2alpha1.Link); err != nil || l.Status.RemoteSiteID != string(west.GetUID()) || l.Status.RemoteSiteName == "" {
			return fmt.Errorf("link %+v, %w", l.Status, errors.Join(err))
		}
		return nil
	})
	networkFile := filepath.Join(w.paths.Namespace("west").RuntimeResources(), "ConfigMap-skupper-network-status.yaml")
	w.eventually("the file of the network status", func() error {
		b, err := os.ReadFile(networkFile)
		if text := string(b); err != nil || !strings.Contains(text, `"listenerCount":1,"connectorCount":1`) {
			return fmt.Errorf("it is %q, %w", text, err)
		}
		return nil
	})

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
		if _, err := os.Stat(networkFile); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("there is a network status though the router is down: %v", err)
		}
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
		w.eventually("the directory to be gone", func() error { // the agent may write a file while it is being removed
			return os.RemoveAll(w.paths.Namespace("west").Root())
		})
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

func TestHomeRemoved(t *testing.T) {
	w := newWorld(t)
	if err := os.RemoveAll(w.paths.Data()); err != nil {
		t.Fatal(err)
	}
	w.eventually("its end", func() error {
		if !strings.Contains(w.log.String(), "agent.ended") {
			return errors.New("it still runs")
		}
		return nil
	})
}

// An agent whose home was removed leaves alone what somebody makes in its place before it has noticed.
func TestHomeReplaced(t *testing.T) {
	w := newWorld(t)
	w.create("west", newSite("west"))
	w.ready("west", v2alpha1.KindSite, "west")
	w.signal("west", syscall.SIGKILL) // which would end by itself
	if err := os.Remove(w.paths.AgentLock()); err != nil {
		t.Fatal(err)
	}
	w.create("late", newSite("late"))
	if rep, err := w.client().Reconcile(t.Context(), "late", false); err == nil {
		t.Errorf("it does a pass still: %+v", rep)
	}
	w.eventually("its end", func() error {
		if !strings.Contains(w.log.String(), "agent.ended") {
			return errors.New("it still runs")
		}
		return nil
	})
	if made, _ := filepath.Glob(filepath.Join(w.paths.Namespace("late").RuntimeIssuers(), "*")); len(made) > 0 {
		t.Errorf("it has made %v", made)
	}
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

// A site that others reach by a RouterAccess alone has tokens too, one that they cannot reach has none.
// The tokens of a site that is stopped are left to whoever goes on with it, and redeemed when it is started again.
func TestTokenWaitsForStart(t *testing.T) {
	w := newWorld(t)
	w.create("west", loopbackSite("west")...)
	w.create("west", newGrant("g", 1))
	w.create("east", newSite("east"))
	w.ready("east", v2alpha1.KindSite, "east")
	tok := w.token("west", "g")
	stopped := w.paths.Namespace("east").Stopped()
	if err := os.WriteFile(stopped, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if rep := w.reconcile("east"); !rep.Stopped {
		t.Fatalf("got %+v", rep)
	}
	tok.Name = "tok"
	w.create("east", tok.Object())
	for range 3 {
		w.reconcile("east")
		time.Sleep(300 * time.Millisecond) // a redemption takes less, if there is one
	}
	if _, err := w.store("east").Get(t.Context(), v2alpha1.KindSecret, "tok"); !fault.Is(err, fault.Missing) {
		t.Errorf("it was redeemed: %v", err)
	}
	if err := os.Remove(stopped); err != nil {
		t.Fatal(err)
	}
	w.reconcile("east")
	w.ready("east", v2alpha1.KindAccessToken, "tok")
}

func TestTokenOfARouterAccess(t *testing.T) {
	w := newWorld(t)
	ra := &v2alpha1.RouterAccess{Spec: v2alpha1.RouterAccessSpec{BindHost: "127.0.0.1", GenerateTLSCredentials: true,
		Roles: []v2alpha1.RouterAccessRole{{Name: v2alpha1.RoleInterRouter}}}}
	ra.Name = "partners"
	w.create("west", newSite("west"), newGrant("tok", 1))
	w.status("west", v2alpha1.KindAccessGrant, "tok", v2alpha1.StatusError, "site west accepts no links")
	w.create("west", ra)
	tok := w.token("west", "tok")
	w.create("east", newSite("east"))
	if _, err := w.redeem("east", tok); err != nil {
		t.Fatal(err)
	}
	w.reconcile("east")
	w.ready("east", v2alpha1.KindLink, "tok")
}

// The grant server keeps its port over restarts, and gives it up to a listener only when nobody can use it any more.
func TestGrantServerPort(t *testing.T) {
	w := newWorld(t)
	w.create("west", append(loopbackSite("west"), newGrant("tok", 1))...)
	tok := w.token("west", "tok")
	w.stop()
	w.start()
	w.reconcile("west")
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
	for range 2 { // the second is not told of the wait, but of the cause too
		if rep := w.reconcile("west"); !strings.Contains(rep.Error, fmt.Sprintf("port %d is in use by process %d", local, os.Getpid())) {
			t.Errorf("got %+v", rep)
		}
	}
	_ = thief.Close()
	w.ready("west", v2alpha1.KindSite, "west")
}

// A way for other sites whose port somebody else has says so, and is told to nobody until the router has it.
func TestAccessPortTaken(t *testing.T) {
	w := newWorld(t)
	w.create("west", newSite("west"))
	w.ready("west", v2alpha1.KindSite, "west")
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	taken := other.Addr().(*net.TCPAddr).Port
	free := freePorts(t, 1)[0]
	ra := &v2alpha1.RouterAccess{Spec: v2alpha1.RouterAccessSpec{BindHost: "127.0.0.1", GenerateTLSCredentials: true,
		Roles: []v2alpha1.RouterAccessRole{{Name: v2alpha1.RoleInterRouter, Port: taken}, {Name: v2alpha1.RoleEdge, Port: free}}}}
	ra.Name = "partners"
	w.create("west", ra)
	w.status("west", v2alpha1.KindRouterAccess, "partners", v2alpha1.StatusError, fmt.Sprintf("port %d on this machine is in use by process %d", taken, os.Getpid()))
	endpoints := func() (ports []string) {
		o, err := w.store("west").Get(t.Context(), v2alpha1.KindRouterAccess, "partners")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range o.(*v2alpha1.RouterAccess).Status.Endpoints {
			ports = append(ports, e.Port)
		}
		return ports
	}
	if got := endpoints(); len(got) != 1 || got[0] != fmt.Sprint(free) {
		t.Errorf("endpoints %v, want that at %d", got, free)
	}
	_ = other.Close()
	w.ready("west", v2alpha1.KindRouterAccess, "partners")
	if got := endpoints(); len(got) != 2 {
		t.Errorf("endpoints %v, want two", got)
	}
	w.eventually("the router listens", func() error {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", taken))
		if err == nil {
			err = c.Close()
		}
		return err
	})
}

// Ports that were chosen for a router which never ran, and that somebody else took since, are chosen anew.
func TestPortsOfRouterThatNeverRan(t *testing.T) {
	w := newWorld(t)
	thief, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = thief.Close() }()
	west := w.paths.Namespace("west")
	if err := west.Make(); err != nil {
		t.Fatal(err)
	}
	state := fmt.Sprintf(`{"routerSuffix":"keep","ports":{"skupper-local-normal":%d}}`, thief.Addr().(*net.TCPAddr).Port)
	if err := os.WriteFile(west.State(), []byte(state), 0o644); err != nil {
		t.Fatal(err)
	}
	w.create("west", newSite("west"))
	w.ready("west", v2alpha1.KindSite, "west")
	if b, err := os.ReadFile(west.State()); err != nil || !strings.Contains(string(b), `"keep"`) {
		t.Errorf("got %s, %v", b, err)
	}
}

// Why a site cannot be brought up is known to whoever asks the agent how it is, until it is up or gone.
func TestHealthSaysWhatFailed(t *testing.T) {
	t.Setenv("CONTAINER_ENDPOINT", "unix:///none/engine.sock")
	w := newWorld(t)
	if err := w.paths.Namespace("west").BindPlatform("podman"); err != nil {
		t.Fatal(err)
	}
	w.create("west", newSite("west"))
	rep := w.reconcile("west")
	h, err := w.client().Health(t.Context())
	if err != nil || !strings.Contains(rep.Error, "/none/engine.sock") || h.Failed["west"] != rep.Error {
		t.Errorf("health %+v, %v, after a pass that said %q", h, err, rep.Error)
	}
	if err := w.store("west").Delete(t.Context(), v2alpha1.KindSite, "west"); err != nil {
		t.Fatal(err)
	}
	w.eventually("nothing to be wrong", func() error {
		w.reconcile("west")
		if h, err := w.client().Health(t.Context()); err != nil || len(h.Failed) > 0 {
			return fmt.Errorf("health %+v, %v", h, err)
		}
		return nil
	})
}
