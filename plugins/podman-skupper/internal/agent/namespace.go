package agent

import (
	"context"
	"os"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/claim"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/router/network"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/site"
)

const (
	tick     = time.Second      // between two questions to the router
	slowTick = 10 * time.Second // between two questions while there is no site

	abandonAgain = 2 * time.Second // between two tries to end the router of a namespace that is gone

	vanishTime = 4 * time.Second // for which nothing is written to a namespace whose input is gone, or whose router's configuration somebody touches

	sweepTime = 10 * time.Minute // between two looks for what killed writers left
)

// namespace owns all that concerns one namespace. Its goroutine alone uses what is not marked otherwise.
type namespace struct {
	avoid    []int // ports that others were faster with, of this pass
	agent    *Agent
	name     string
	dir      filestore.Dir
	store    *filestore.Store
	runtime  *supervise.Local
	redeemer claim.Redeemer
	log      zerolog.Logger

	requests chan request  // passes that somebody waits for
	poked    chan struct{} // passes that nobody waits for; holds one at most
	ended    chan struct{} // closed when nobody does passes any more, and another owner of the namespace can be had
	wanted   atomic.Bool   // a router is to run; read by others

	life     context.Context //nolint:containedctx // of the goroutine; redemptions, which outlive passes, end with it
	tokens   tokens
	network  atomic.Pointer[network.Status] // what is known of the network; nil: nothing. Written by the collector
	vanished time.Time                      // when the input was found not to be there, or the router's configuration touched; zero: neither
	made     os.FileInfo                    // of the router's configuration after the last pass; nil: there was none
	asked    bool                           // somebody waits for this pass
	lost     time.Time                      // when the router was found not to run, and nothing known of the network; zero: it is
	last     site.Observed                  // what the last pass saw
	due      time.Time                      // when a pass is due though nothing changed; zero: never
	faults   string                         // of the last pass, so that each is logged once
	complain atomic.Pointer[string]         // error of the last pass, likewise; nil or empty: none. Read by others
}

// request is a pass that somebody waits for.
type request struct {
	reload bool
	done   chan Report // holds one
}

func newNamespace(a *Agent, name string) *namespace {
	dir := a.opts.Paths.Namespace(name)
	log := a.opts.Log.With().Str("namespace", name).Logger()
	store := filestore.Open(dir, a.opts.Now)
	return &namespace{
		agent: a, name: name, dir: dir, store: store, log: log,
		redeemer: claim.Redeemer{Store: store, Now: a.opts.Now},
		runtime: supervise.NewLocal(supervise.Options{
			Engine: a.opts.Engine(dir), ConfigFile: dir.RouterConfig(), CertDir: dir.RuntimeCerts(), Log: log, Now: a.opts.Now,
			Variables: container.Variables,
		}),
		requests: make(chan request), ended: make(chan struct{}),
		poked: make(chan struct{}, 1),
	}
}

// poke asks for a pass soon.
func (n *namespace) poke() {
	select {
	case n.poked <- struct{}{}:
	default: // one is asked for already
	}
}

// run does passes until ctx ends or the namespace's directory is gone.
func (n *namespace) run(ctx context.Context) {
	n.life = ctx
	swept := n.sweep(time.Time{})
	defer func() { _ = n.runtime.Close() }()
	defer n.tokens.wait()
	watch, stop := context.WithCancel(ctx)
	defer stop()
	var collecting sync.WaitGroup
	defer collecting.Wait()
	defer stop()
	collecting.Go(func() { n.collect(watch) })
	events := n.store.WatchInput(watch)
	defer func() {
		stop()
		for range events { // until its goroutine has ended
		}
	}()
	timer := time.NewTimer(tick)
	defer timer.Stop()
	for {
		var waiting []request
		now := false
		select {
		case <-ctx.Done():
			n.leave(ctx)
			return
		case <-events:
			now = true
		case <-n.poked:
			now = true
		case r := <-n.requests:
			waiting, now = append(waiting, r), true
		case <-timer.C:
			now = n.changed(ctx)
		}
		if ctx.Err() != nil {
			n.leave(ctx)
			return
		}
		if !n.store.Exists() {
			if n.abandon(ctx, waiting) {
				return
			}
			timer.Reset(abandonAgain)
			continue
		}
		if now && n.agent.homeless() { // as when the home was removed and somebody makes a site in its place already
			n.leave(ctx)
			return
		}
		if now && len(waiting) == 0 && n.vanishing() {
			timer.Reset(abandonAgain)
			continue
		}
		if now {
			n.step(ctx, waiting)
		}
		if now { // there was a change, and a writer
			swept = time.Time{}
		}
		swept = n.sweep(swept)
		if n.wanted.Load() {
			timer.Reset(tick)
		} else {
			timer.Reset(slowTick)
		}
	}
}

// vanishing tells whether the input is not there, as when somebody is removing the namespace, or the router's configuration is not the
// one of the last pass, as when Skupper's own command line makes all anew: what is written meanwhile would be left, or stop the
// removal, and what is removed would be missed. A while later it is made again, or taken over.
func (n *namespace) vanishing() bool {
	if exists(n.dir.InputResources()) && n.untouched() {
		n.vanished = time.Time{}
		return false
	}
	now := n.agent.opts.Now()
	if n.vanished.IsZero() {
		n.vanished = now
	}
	n.due = n.vanished.Add(vanishTime)
	age := now.Sub(n.vanished)
	return age >= 0 && age < vanishTime
}

// untouched tells whether the router's configuration is that of the last pass.
func (n *namespace) untouched() bool {
	if n.made == nil {
		return true
	}
	now, err := os.Stat(n.dir.RouterConfig())
	return err == nil && os.SameFile(now, n.made) && now.ModTime().Equal(n.made.ModTime())
}

// sweep takes away what killed writers left, private keys among it, unless it just did. It gives when it did last.
func (n *namespace) sweep(last time.Time) time.Time {
	now := n.agent.opts.Now()
	if age := now.Sub(last); age >= 0 && age < sweepTime {
		return last
	}
	atomicfile.Sweep(n.dir.Root(), now)
	return now
}

// step does one pass.
func (n *namespace) step(ctx context.Context, waiting []request) {
	reload := false
	for _, w := range waiting {
		reload = reload || w.reload
	}
	if reload {
		n.runtime.Forget()
	}
	if len(waiting) > 0 { // somebody may have removed what was in the way
		n.runtime.Retry()
	}
	n.asked = len(waiting) > 0
	rep := n.pass(ctx)
	if n.vanished.IsZero() || n.asked || !n.vanishing() {
		n.made, _ = os.Stat(n.dir.RouterConfig()) // nil if it is not there
	}
	if reload && rep.Error == "" { // others need not hear of it: the router runs, and it is tried again
		rep.fail(n.runtime.Unkept())
	}
	if ctx.Err() == nil && rep.Error != n.complaint() {
		n.complain.Store(&rep.Error)
		if rep.Error != "" {
			n.log.Error().Str("err", rep.Error).Msg("pass.failed")
		}
	}
	for _, w := range waiting {
		w.done <- rep
	}
}

// changed tells whether a pass is needed though nobody asked for one: the router is otherwise than it was, does not
// run though it should, or something is due.
func (n *namespace) changed(ctx context.Context) bool {
	if !n.due.IsZero() && !n.agent.opts.Now().Before(n.due) {
		return true
	}
	if !n.wanted.Load() {
		return false
	}
	obs, err := n.runtime.Observe(ctx)
	if err != nil {
		return false
	}
	return !obs.Running || !reflect.DeepEqual(steady(obs), steady(n.last))
}

// steady is an observation without what changes by itself.
func steady(o site.Observed) site.Observed {
	o.Now, o.Ports, o.Network, o.Nodes = time.Time{}, nil, nil, nil // changes of the network poke
	links := make(map[string]site.LinkState, len(o.Links))
	for name, l := range o.Links {
		l.Since = time.Time{}
		links[name] = l
	}
	o.Links = links
	return o
}

// complaint is the error of the last pass; empty if it had none.
func (n *namespace) complaint() string {
	if text := n.complain.Load(); text != nil {
		return *text
	}
	return ""
}
