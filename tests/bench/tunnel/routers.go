package tunnel

import (
	"context"
	"os"
	"path/filepath"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/tests/bench/proc"
)

const address = "bench"

// Routers starts two routers of one program, which takes -c skrouterd.json: A with the listener, and B, which dials A and
// has the connector. They run with their own defaults. It returns when a connection goes through.
func (s *Site) Routers(ctx context.Context, name, program string, probe func(ctx context.Context, addr string) error) (*Tunnel, error) {
	inter, err := s.Ports.Next()
	if err != nil {
		return nil, err
	}
	listener, err := s.Ports.Next()
	if err != nil {
		return nil, err
	}
	t := &Tunnel{Name: name, Listener: local(listener)}
	a, err := s.Router(name + "-a")
	if err != nil {
		return nil, err
	}
	Accept(a, "b", inter)
	Listen(a, address, listener)
	b, err := s.Router(name + "-b")
	if err != nil {
		return nil, err
	}
	Dial(b, "a", inter)
	Connect(b, address, s.Server)
	for _, cfg := range []*config.Config{a, b} {
		c, err := s.Run(program, cfg)
		if err != nil {
			return t.settle(err)
		}
		t.Children = append(t.Children, c)
	}
	return t.settle(t.await(ctx, probe))
}

// Router is the configuration of an interior router with a certificate, which as yet does nothing.
func (s *Site) Router(id string) (*config.Config, error) {
	profile, err := s.keys.issue(id)
	return &config.Config{
		Router:      config.Router{ID: id, Mode: config.ModeInterior},
		SSLProfiles: []config.SSLProfile{profile},
		Logs:        []config.Log{{Module: "DEFAULT", Enable: "warning+"}}, // lines for each flow would be measured too
	}, err
}

// Run starts a router.
func (s *Site) Run(program string, cfg *config.Config) (*proc.Child, error) {
	b, err := cfg.Marshal()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(s.Dir, cfg.Router.ID+".json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return nil, err
	}
	return proc.Start(s.Dir, cfg.Router.ID, program, "-c", file)
}
