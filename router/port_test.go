package router_test

import (
	"context"
	"net"
	"testing"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestStoppedListenerIsClosed: whoever has seen a router end can have its ports at once.
func TestStoppedListenerIsClosed(t *testing.T) {
	host, port := "127.0.0.1", routertest.New(t).Port()
	addr := net.JoinHostPort(host, port)
	cfg := &config.Config{
		Router:    config.Router{ID: "A", Mode: config.ModeInterior},
		Listeners: []config.Listener{{Name: "amqp", Host: host, Port: port}},
	}
	for i := range 300 {
		r, err := router.New(cfg, router.Options{Log: zerolog.Nop()})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.Run(ctx) }()
		for {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				_ = c.Close()
				break
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Fatalf("round %d: %v", i, err)
		}
	}
}
