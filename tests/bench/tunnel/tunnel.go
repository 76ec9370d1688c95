// Package tunnel starts what is measured: pairs of processes that carry TCP connections from a listener, over mutual TLS
// between the two, to a server.
package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/skupper-plugins/suite/tests/bench/proc"
)

// Tunnel is one that runs.
type Tunnel struct {
	Name     string
	Listener string        // where clients connect
	Children []*proc.Child // none for the direct way
}

// Site is where tunnels run: what all of them need.
type Site struct {
	Dir    string // for configurations, keys and logs
	Server string // host:port that tunnels lead to
	Ports  proc.Ports
	keys   *keys
}

// NewSite makes the certificates of the tunnels.
func NewSite(dir, server string, now time.Time) (*Site, error) {
	k, err := newKeys(dir, now)
	if err != nil {
		return nil, err
	}
	return &Site{Dir: dir, Server: server, keys: k}, nil
}

// Direct is no tunnel: clients connect to the server itself.
func (s *Site) Direct() *Tunnel { return &Tunnel{Name: "direct", Listener: s.Server} }

// PIDs are the ids of its processes.
func (t *Tunnel) PIDs() (pids []int) {
	for _, c := range t.Children {
		pids = append(pids, c.PID())
	}
	return pids
}

// Running is nil while all processes of the tunnel run.
func (t *Tunnel) Running() error {
	var errs []error
	for _, c := range t.Children {
		errs = append(errs, c.Running())
	}
	return errors.Join(errs...)
}

// Stop ends its processes.
func (t *Tunnel) Stop() error {
	var errs []error
	for _, c := range t.Children {
		errs = append(errs, c.Stop())
	}
	return errors.Join(errs...)
}

// await waits until probe succeeds, which is tried at least once. It gives up when a process of the tunnel has ended, or with ctx.
func (t *Tunnel) await(ctx context.Context, probe func(ctx context.Context, addr string) error) error {
	for {
		err := probe(ctx, t.Listener)
		if err == nil {
			return nil
		}
		if dead := t.Running(); dead != nil {
			return dead
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", t.Name, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// settle stops what was started when the rest failed.
func (t *Tunnel) settle(err error) (*Tunnel, error) {
	if err == nil {
		return t, nil
	}
	for _, c := range t.Children {
		c.Kill()
	}
	return nil, fmt.Errorf("%s: %w", t.Name, err)
}

func local(port string) string { return net.JoinHostPort(proc.Loopback, port) }
