package kubestore

import (
	"context"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// How a watch that cannot be had, or ended, is made up for.
const (
	pollEvery   = time.Second            // where the user has no right to watch a kind
	firstReturn = 100 * time.Millisecond // before a watch that broke is begun anew; grows twofold
	lastReturn  = 5 * time.Second        // and not beyond this
)

// Watch implements site.Store. Each kind is watched by itself. A watch that breaks is begun anew, and then everything may have
// changed; a kind that the user may read but not watch is announced every second; one that the cluster does not know is not.
func (s *Store) Watch(ctx context.Context) (<-chan site.Event, error) {
	return s.watch(ctx, everyKind())
}

var _ site.KindWatcher = (*Store)(nil)

// WatchKinds implements site.KindWatcher.
func (s *Store) WatchKinds(ctx context.Context, kinds ...string) (<-chan site.Event, error) {
	var infos []v2alpha1.KindInfo
	for _, kind := range kinds {
		info, err := lookup(kind)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(infos, func(i v2alpha1.KindInfo) bool { return i.Kind == kind }) {
			infos = append(infos, info)
		}
	}
	return s.watch(ctx, infos)
}

func (s *Store) watch(ctx context.Context, infos []v2alpha1.KindInfo) (<-chan site.Event, error) {
	bell := &bell{events: make(chan site.Event, 1)}
	bell.ring(site.Event{})
	var kinds sync.WaitGroup
	for _, info := range infos {
		kinds.Go(func() { s.follow(ctx, info, bell.ring) })
	}
	go func() {
		kinds.Wait()
		<-ctx.Done()
		close(bell.events)
	}()
	return bell.events, nil
}

// bell holds one event at most. Those not yet received become one that says that something changed.
type bell struct {
	mu     sync.Mutex
	events chan site.Event
}

func (b *bell) ring(e site.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.events:
		e = site.Event{}
	default:
	}
	b.events <- e // there is room: only this side sends, under the lock
}

// follow watches one kind until ctx ends.
func (s *Store) follow(ctx context.Context, info v2alpha1.KindInfo, ring func(site.Event)) {
	pause := firstReturn
	for ctx.Err() == nil {
		w, err := s.client.Resource(resourceOf(info)).Namespace(s.scope).Watch(ctx, metav1.ListOptions{})
		switch {
		case err == nil:
			ring(site.Event{}) // what happened before it began was not seen
			pause = firstReturn
			drain(ctx, w, info.Kind, ring)
		case apierrors.IsNotFound(err):
			return
		case apierrors.IsForbidden(err), apierrors.IsMethodNotSupported(err):
			poll(ctx, ring)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
			pause = min(2*pause, lastReturn)
		}
	}
}

// drain passes the events of a watch on until it ends.
func drain(ctx context.Context, w watch.Interface, kind string, ring func(site.Event)) {
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, open := <-w.ResultChan():
			if !open || e.Type == watch.Error { // too old to go on, as a rule
				return
			}
			if o, err := meta.Accessor(e.Object); err == nil && e.Type != watch.Bookmark {
				ring(site.Event{Kind: kind, Name: o.GetName()})
			}
		}
	}
}

func poll(ctx context.Context, ring func(site.Event)) {
	every := time.NewTicker(pollEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			ring(site.Event{})
		}
	}
}
