package routertest

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
)

// Node is one router of a mesh.
type Node struct {
	ID     string
	Config *config.Config // what it is started with

	mesh              *Mesh
	runner            Runner
	amqp, inter, edge string // ports
	log               *tail

	mu      sync.Mutex // guards what follows against Manage from several goroutines
	running Running
	watch   *watch
	client  *manage.Client
}

// Start runs the router and waits until it answers. The test fails at once if it ends instead.
func (n *Node) Start() {
	n.mesh.tb.Helper()
	r, err := n.runner.Start(n.Config, n.log)
	if err != nil {
		n.mesh.tb.Fatalf("start %s: %v", n.ID, err)
	}
	n.mu.Lock()
	n.running, n.watch = r, watchOver(n.mesh.tb, n.ID, r)
	n.mu.Unlock()
	Eventually(n.mesh.tb, startTimeout, func(ctx context.Context) error {
		return n.Manage(ctx, func(*manage.Client) error { return nil })
	})
}

// Stop ends the router as an operator would.
func (n *Node) Stop() {
	n.mesh.tb.Helper()
	if err := n.halt(false); err != nil {
		n.mesh.tb.Errorf("stop %s: %v", n.ID, err)
	}
}

// Kill ends the router without warning, if its runner can.
func (n *Node) Kill() {
	n.mesh.tb.Helper()
	if err := n.halt(true); err != nil {
		n.mesh.tb.Errorf("kill %s: %v", n.ID, err)
	}
}

// Process is a router of its own.
type Process interface {
	// PID is where the system finds it.
	PID() int
	// Signal sends it one.
	Signal(s os.Signal) error
}

// Process is the router's process, if a [Program] runs it.
func (n *Node) Process() Process {
	n.mesh.tb.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	p, ok := n.running.(*process)
	if !ok {
		n.mesh.tb.Fatalf("router %s is no process", n.ID)
	}
	return p
}

// Log is the end of what the router has said.
func (n *Node) Log() string { return n.log.String() }

func (n *Node) halt(kill bool) error {
	n.mu.Lock()
	r, w, c := n.running, n.watch, n.client
	n.running, n.watch, n.client = nil, nil, nil
	n.mu.Unlock()
	if w != nil {
		w.end()
	}
	var err error
	switch {
	case r == nil:
	case kill:
		err = r.Kill()
	default:
		err = r.Stop()
	}
	if c != nil {
		_ = c.Close() // the router is gone
	}
	return err
}

// end is the clean-up of the test.
func (n *Node) end() {
	if err := n.halt(false); err != nil {
		n.mesh.tb.Errorf("stop %s: %v", n.ID, err)
	}
	if record, key := doubled(n.log.String()); key != "" {
		n.mesh.tb.Errorf("a record has the field %q twice: %s", key, record)
	}
	if n.mesh.tb.Failed() {
		n.mesh.tb.Logf("log of router %s:\n%s", n.ID, n.log)
	}
}

// URL is the address of the router's management.
func (n *Node) URL() string { return "amqp://" + net.JoinHostPort(loopback, n.amqp) }

// answerTimeout is how long a router may take to answer: much more than it does, on a machine that has other things to do.
const answerTimeout = 15 * time.Second

// Manage asks the router, over a connection that is kept.
func (n *Node) Manage(ctx context.Context, ask func(c *manage.Client) error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.running != nil {
		if err := ended(n.ID, n.running); err != nil {
			return err
		}
	}
	if n.client == nil {
		c, err := manage.Dial(ctx, manage.Options{URL: n.URL(), Timeout: answerTimeout})
		if err != nil {
			return err
		}
		n.client = c
	}
	err := ask(n.client)
	if err != nil {
		_ = n.client.Close() // it may be of a router that was restarted
		n.client = nil
	}
	return err
}

// Must is Manage for what may not fail.
func (n *Node) Must(ask func(ctx context.Context, c *manage.Client) error) {
	tb := n.mesh.tb
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 2*answerTimeout)
	defer cancel()
	if err := n.Manage(ctx, func(c *manage.Client) error { return ask(ctx, c) }); err != nil {
		tb.Fatalf("%s: %v", n.ID, err)
	}
}

// Reachable is the sorted ids of the routers that this one can reach, itself included.
func (n *Node) Reachable(ctx context.Context) ([]string, error) {
	ids := []string{n.ID}
	err := n.Manage(ctx, func(c *manage.Client) error {
		nodes, err := c.Nodes(ctx)
		for _, o := range nodes {
			if o.ID != n.ID && o.Cost > 0 {
				ids = append(ids, o.ID)
			}
		}
		return err
	})
	slices.Sort(ids)
	return ids, err
}

func (n *Node) isEdge() bool { return n.Config.Router.Mode == config.ModeEdge }

// Uplink is the id of the interior router that an edge router uses.
func (n *Node) Uplink(ctx context.Context) (id string, err error) {
	err = n.Manage(ctx, func(c *manage.Client) error {
		conns, err := c.Query(ctx, "connection")
		for _, m := range conns {
			if m["role"] == config.RoleEdge && m["dir"] == "out" && m["active"] == true {
				id, _ = m["container"].(string)
			}
		}
		return err
	})
	if err == nil && id == "" {
		err = fmt.Errorf("edge router %s has no uplink", n.ID)
	}
	return id, err
}

// Connect makes the router a destination of an address: connections go to a port of 127.0.0.1.
func (n *Node) Connect(name, address, port string) {
	n.mesh.tb.Helper()
	n.Must(func(ctx context.Context, c *manage.Client) error {
		return c.Create(ctx, "tcpConnector", name, map[string]any{"host": loopback, "port": port, "address": address})
	})
}

// Listen makes the router accept connections for an address, and returns where.
func (n *Node) Listen(name, address string) string {
	n.mesh.tb.Helper()
	port := n.mesh.Port()
	n.Must(func(ctx context.Context, c *manage.Client) error {
		return c.Create(ctx, "tcpListener", name, map[string]any{"host": loopback, "port": port, "address": address})
	})
	return net.JoinHostPort(loopback, port)
}

// Delete takes an entity away.
func (n *Node) Delete(entityType, name string) {
	n.mesh.tb.Helper()
	n.Must(func(ctx context.Context, c *manage.Client) error { return c.Delete(ctx, entityType, name) })
}

// AwaitListener waits until a tcpListener is up, or down.
func (n *Node) AwaitListener(name string, up bool) {
	n.mesh.tb.Helper()
	want := "down"
	if up {
		want = "up"
	}
	Eventually(n.mesh.tb, 15*time.Second, func(ctx context.Context) error {
		var m map[string]any
		err := n.Manage(ctx, func(c *manage.Client) (err error) {
			m, err = c.Read(ctx, "tcpListener", name)
			return err
		})
		if err == nil && m["operStatus"] != want {
			err = fmt.Errorf("tcpListener %s of %s is %v, want %s", name, n.ID, m["operStatus"], want)
		}
		return err
	})
}

// EdgePort is the port on which an interior router listens for edge routers.
func (n *Node) EdgePort() string { return n.edge }

// Reissue replaces the files of the router's certificate, as happens before it expires.
func (n *Node) Reissue() {
	n.mesh.tb.Helper()
	if _, err := n.mesh.ca.issue(n.ID); err != nil {
		n.mesh.tb.Fatal(err)
	}
}

// ReissueFor is Reissue with a certificate that is valid no longer than d from now.
func (n *Node) ReissueFor(d time.Duration) {
	n.mesh.tb.Helper()
	if _, err := n.mesh.ca.issueUntil(n.ID, time.Now().Add(d)); err != nil {
		n.mesh.tb.Fatal(err)
	}
}

// Rotate replaces the files of the router's certificate and tells the router, with the oldest ordinal that it may still use.
func (n *Node) Rotate(ordinal, oldest int) {
	n.mesh.tb.Helper()
	n.Reissue()
	n.Must(func(ctx context.Context, c *manage.Client) error {
		return c.Update(ctx, "sslProfile", "mesh", map[string]any{"ordinal": ordinal, "oldestValidOrdinal": oldest})
	})
}

// Ordinals counts the connections to other routers by the ordinal of their certificates.
func (n *Node) Ordinals(ctx context.Context) (map[int]int, error) {
	count := map[int]int{}
	err := n.Manage(ctx, func(c *manage.Client) error {
		conns, err := c.Query(ctx, "connection")
		for _, m := range conns {
			if m["role"] != config.RoleNormal && m["opened"] == true {
				k, _ := m["tlsOrdinal"].(int64)
				count[int(k)]++
			}
		}
		return err
	})
	return count, err
}
