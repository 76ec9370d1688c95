package router

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/agent"
	"github.com/skupper-plugins/suite/router/internal/chunk"
	"github.com/skupper-plugins/suite/router/internal/core"
	"github.com/skupper-plugins/suite/router/internal/tcp"
	"github.com/skupper-plugins/suite/router/internal/vanflow"
)

// Options is what a router takes besides its configuration.
type Options struct {
	Log     zerolog.Logger
	Version string // shown to peers and in management; "" means "unknown"
	// Journal is what Log is written to besides its own output; nil: management and telemetry know of no lines.
	Journal *Journal
}

// Router is one router. Make it with [New], then call [Router.Run] once.
type Router struct {
	cfg     *config.Config
	opts    Options
	log     zerolog.Logger
	level   *levelHook
	failing *failures
	lost    zerolog.Logger // of connections that had opened
	started time.Time
	chunks  *chunk.Pool
	core    *core.Core
	control *control
	agent   *agent.Agent
	flows   *telemetry
	source  string // identity of this router in telemetry
	nextID  atomic.Uint64
	records atomic.Uint64
	rules   atomic.Pointer[[]rule]
	scrape  scrape
	traces  sync.Map // *frameTrace by the number of the connection

	trims    sync.WaitGroup
	trimming atomic.Bool

	ctx context.Context //nolint:containedctx // the life of everything that entities start; Run sets and ends it
	wg  sync.WaitGroup

	mu         sync.Mutex
	profiles   map[string]*profile
	proxies    map[string]config.ProxyProfile
	listeners  map[string]*listener
	connectors map[string]*connector
	tcpIn      map[string]*tcpListener
	tcpOut     map[string]*tcpConnector
	alts       map[string]config.ListenerAddress
	leaving    []*tcp.Listener // deleted, with connections that go on
	stopping   bool
}

// New checks the configuration and makes a router for it. Every fault is reported. A name such as ${HOSTNAME} in the router's id is one by
// now: see [config.LoadExpanded].
func New(cfg *config.Config, opts Options) (*Router, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if err := config.CheckID(cfg.Router.ID); err != nil {
		return nil, fmt.Errorf("router: %w", err)
	}
	if opts.Version == "" {
		opts.Version = "unknown"
	}
	r := &Router{
		cfg: cfg, opts: opts, level: newLevelHook(cfg.Logs), chunks: &chunk.Pool{}, source: vanflow.SourceName(os.Getenv("HOSTNAME"), core.Discriminator()),
		profiles: map[string]*profile{}, proxies: map[string]config.ProxyProfile{}, listeners: map[string]*listener{}, connectors: map[string]*connector{},
		tcpIn: map[string]*tcpListener{}, tcpOut: map[string]*tcpConnector{}, alts: map[string]config.ListenerAddress{},
	}
	r.log = opts.Log.Hook(r.level).With().Str("router", cfg.Router.ID).Logger()
	r.failing, r.lost = newFailures(r.log), few(r.log)
	r.setAddresses(cfg.Addresses)
	r.control = newControl(r)
	r.core = core.New(core.Config{
		ID: cfg.Router.ID, Log: r.log, Comings: few(r.log), Control: r.control, Chunks: r.chunks, Distribution: r.distribution,
		Default: treatments[orDefault(cfg.Router.DefaultDistribution, "balanced")],
		Edge:    r.edge(), Uplink: func() { r.flows.announce() },
	})
	r.control.core = r.core
	if !r.edge() { // an edge router takes no part in the routing protocol
		r.control.subscribe()
	}
	r.core.EachTick(r.core.TrimPools)
	t := &trimmer{}
	r.core.EachTick(func(now time.Time) { t.look(now, r.openFlows(), r.trim) })
	s := &slack{}
	r.core.EachTick(func(now time.Time) {
		if s.due(now) {
			size, allocated := heap()
			s.look(now, size, allocated, r.trim)
		}
	})
	r.core.EachTick(r.watchLinks)
	r.boundMemory()
	short := &memory{}
	r.core.EachTick(func(now time.Time) { short.look(r, now) })
	r.flows = newTelemetry(cfg, opts.Version, r.source, r.recordID, r.core)
	r.agent = agent.New(r)
	r.nextID.Store(2) // as other routers number their connections
	return r, nil
}

// edge reports that this is an edge router.
func (r *Router) edge() bool { return r.cfg.Router.Mode == config.ModeEdge }

// defaultHost is where connectors lead that name none.
const defaultHost = "127.0.0.1"

func orDefault(s, d string) string {
	if s == "" {
		return d
	}
	return s
}

var treatments = map[string]core.Treatment{
	"multicast": core.Multicast, "closest": core.Closest, "balanced": core.Balanced, "unavailable": core.Unavailable,
}

// Run starts what the configuration names and works until ctx ends. It returns when all of it has stopped.
func (r *Router) Run(ctx context.Context) error {
	r.started = time.Now()
	r.opts.Journal.telling(r.flows.logs.Note)
	coreCtx, stopCore := context.WithCancel(context.WithoutCancel(ctx))
	defer stopCore()
	var running context.CancelFunc
	r.ctx, running = context.WithCancel(coreCtx)
	defer running()
	coreDone := make(chan struct{})
	go func() { defer close(coreDone); r.core.Run(coreCtx) }()
	stopAnswering := r.serveManagement()
	stopTelling := r.tellFlows()
	r.log.Info().Str("version", r.opts.Version).Int("pid", os.Getpid()).Msg("router started")

	r.mu.Lock()
	err := r.startAll()
	r.mu.Unlock()
	if err == nil {
		<-ctx.Done()
	}
	r.opts.Journal.telling(nil)
	stopTelling() // else the end of a flow might come before what was said of it last
	r.stopAll()
	running()
	r.wg.Wait()
	stopAnswering()
	stopCore()
	<-coreDone
	r.trims.Wait() // it was the core that began them
	r.failing.end()
	r.log.Info().Msg("router stopped")
	return err
}

// tellFlows tells of flows, and of peers that fail, until the function returned is called, which waits for the end.
func (r *Router) tellFlows() (stop func()) {
	ctx, cancel := context.WithCancel(r.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.flows.tellFlows(ctx, r.failing.tick)
	}()
	return func() {
		cancel()
		<-done
	}
}

// startAll makes every configured entity. A router that cannot have the port of a listener does not start; TCP listeners keep trying.
func (r *Router) startAll() error {
	var errs []error
	for _, e := range r.cfg.SSLProfiles {
		p, err := r.newProfile(e)
		if err != nil {
			return err
		}
		r.profiles[e.Name] = p
	}
	for _, e := range r.cfg.ProxyProfiles {
		r.proxies[e.Name] = e
	}
	for _, e := range r.cfg.ListenerAddresses {
		r.alts[e.Name] = e
	}
	for _, e := range r.cfg.Listeners {
		errs = append(errs, r.addListener(e))
	}
	for _, e := range r.cfg.Connectors {
		errs = append(errs, r.addConnector(e))
	}
	for _, e := range r.cfg.TCPConnectors {
		errs = append(errs, r.addTCPConnector(e))
	}
	for _, e := range r.cfg.TCPListeners {
		errs = append(errs, r.addTCPListener(e))
	}
	return errors.Join(errs...)
}

// stopAll ends every entity. It waits without the lock, because what it waits for may need the lock once more.
func (r *Router) stopAll() {
	r.flows.close(r.ctx)
	var stops []func()
	r.mu.Lock()
	r.stopping = true
	for _, l := range r.leaving {
		stops = append(stops, func() { l.Stop(true) })
	}
	for _, l := range r.tcpIn {
		stops = append(stops, func() { l.l.Stop(true) })
	}
	for _, k := range r.tcpOut {
		stops = append(stops, func() { k.k.Stop(true) })
	}
	for _, c := range r.connectors {
		stops = append(stops, c.stop)
	}
	for _, l := range r.listeners {
		stops = append(stops, l.stop)
	}
	r.mu.Unlock()
	for _, stop := range stops {
		stop()
	}
}

// recordID is a new identity for a telemetry record.
func (r *Router) recordID() string { return fmt.Sprintf("%s:%d", r.source, r.records.Add(1)) }
