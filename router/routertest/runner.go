package routertest

import (
	"context"
	"io"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router"
	"github.com/skupper-plugins/suite/router/config"
)

// Runner starts routers of one make.
type Runner interface {
	// Start runs a router of this configuration until it is ended. It need not wait until the router listens.
	Start(cfg *config.Config, log io.Writer) (Running, error)
}

// Running is one router at work.
type Running interface {
	// Ended is closed when the router is no more, whoever ended it.
	Ended() <-chan struct{}
	// Err is why it is no more, once Ended is closed: nil after an orderly end.
	Err() error
	// Stop ends the router as an operator would and waits for it.
	Stop() error
	// Kill ends it without giving it a chance to say good-bye to anybody, and waits.
	Kill() error
}

// Engine runs routers of ours in this process. Their Kill is a Stop: use a [Program] where that matters.
type Engine struct{}

// Start runs an engine.
func (Engine) Start(cfg *config.Config, log io.Writer) (Running, error) {
	journal := &router.Journal{}
	r, err := router.New(cfg, router.Options{Log: zerolog.New(zerolog.MultiLevelWriter(log, journal)).With().Timestamp().Logger(), Version: "test", Journal: journal})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background()) //nolint:forbidigo // ends with Stop
	e := &engine{cancel: cancel, done: make(chan struct{})}
	go func() { e.err = r.Run(ctx); close(e.done) }()
	return e, nil
}

type engine struct {
	cancel context.CancelFunc
	done   chan struct{}
	err    error // after done
}

// Ended is closed when Run has returned.
func (e *engine) Ended() <-chan struct{} { return e.done }

// Err is what Run returned.
func (e *engine) Err() error { return e.err }

// Stop waits at most as long as a service manager would.
func (e *engine) Stop() error {
	e.cancel()
	select {
	case <-e.done:
		return e.err
	case <-time.After(stopTimeout):
		return errStuck
	}
}

// Kill is Stop.
func (e *engine) Kill() error { return e.Stop() }
