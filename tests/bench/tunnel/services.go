package tunnel

import (
	"context"
	"strconv"
	"time"

	"github.com/skupper-plugins/suite/router/config"
)

// Services is [Site.Routers] with n services more: each has a listener of its own at A and a connector at B. It returns how long it took from the start of the
// routers until a connection had gone through each of them.
func (s *Site) Services(ctx context.Context, name, program string, n int, probe func(ctx context.Context, addr string) error) (t *Tunnel, took time.Duration, err error) {
	inter, err := s.Ports.Next()
	if err != nil {
		return nil, 0, err
	}
	a, err := s.Router(name + "-a")
	if err != nil {
		return nil, 0, err
	}
	b, err := s.Router(name + "-b")
	if err != nil {
		return nil, 0, err
	}
	Accept(a, "b", inter)
	Dial(b, "a", inter)
	var listeners []string
	for i := range n {
		port, err := s.Ports.Next()
		if err != nil {
			return nil, 0, err
		}
		service := "service-" + strconv.Itoa(i)
		Listen(a, service, port)
		Connect(b, service, s.Server)
		listeners = append(listeners, local(port))
	}
	t = &Tunnel{Name: name}
	start := time.Now()
	for _, cfg := range []*config.Config{a, b} {
		c, err := s.Run(program, cfg)
		if err != nil {
			t, err = t.settle(err)
			return t, 0, err
		}
		t.Children = append(t.Children, c)
	}
	for _, t.Listener = range listeners {
		if err = t.await(ctx, probe); err != nil {
			break
		}
	}
	took = time.Since(start)
	t, err = t.settle(err)
	return t, took, err
}
