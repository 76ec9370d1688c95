package tunnel

import (
	"context"

	"github.com/skupper-plugins/suite/tests/bench/proc"
)

// BareArg is the first argument with which a program is asked to be one end of a bare TLS tunnel; the others are the fields
// of a relay of package baretls in their order: listen, to, in or out, CA, certificate, key.
const BareArg = "gotls"

// BareTLS starts a bare TLS tunnel in Go. Program is asked with [BareArg] to be one end of it.
func (s *Site) BareTLS(ctx context.Context, program string, probe func(ctx context.Context, addr string) error) (*Tunnel, error) {
	listener, err := s.Ports.Next()
	if err != nil {
		return nil, err
	}
	inter, err := s.Ports.Next()
	if err != nil {
		return nil, err
	}
	t := &Tunnel{Name: "gotls", Listener: local(listener)}
	for _, end := range []struct{ name, listen, to, tls string }{
		{"gotls-a", t.Listener, local(inter), "out"},
		{"gotls-b", local(inter), s.Server, "in"},
	} {
		p, err := s.keys.issue(end.name)
		if err != nil {
			return t.settle(err)
		}
		c, err := proc.Start(s.Dir, end.name, program, BareArg, end.listen, end.to, end.tls, p.CACertFile, p.CertFile, p.PrivateKeyFile)
		if err != nil {
			return t.settle(err)
		}
		t.Children = append(t.Children, c)
	}
	return t.settle(t.await(ctx, probe))
}
