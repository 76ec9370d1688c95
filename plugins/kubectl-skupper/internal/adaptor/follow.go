package adaptor

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/rs/zerolog"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	pageSize     = 100 // objects of one answer: what is not kept of them is garbage soon
	watchFor     = 5 * time.Minute
	firstBackoff = 100 * time.Millisecond
	lastBackoff  = 2 * time.Second
)

// reader reads objects of one kind.
type reader[O metav1.Object] struct {
	what  string // for people
	list  func(context.Context, metav1.ListOptions) ([]O, metav1.ListMeta, error)
	watch func(context.Context, metav1.ListOptions) (watch.Interface, error)
	only  metav1.ListOptions // selectors
}

// table has what is kept of the objects, by their names. Any goroutine may read it.
type table[O metav1.Object, V any] struct {
	read    func(O) (V, bool) // what to keep; false: nothing
	changed func()            // is called after each change, and must not wait

	mu     sync.Mutex
	synced bool
	items  map[string]V
}

func newTable[O metav1.Object, V any](read func(O) (V, bool), changed func()) *table[O, V] {
	return &table[O, V]{read: read, changed: changed, items: map[string]V{}}
}

// all is what is kept at present; false: nothing was read yet.
func (t *table[O, V]) all() (map[string]V, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.items), t.synced
}

func (t *table[O, V]) put(o O, gone bool) {
	v, ok := t.read(o)
	t.mu.Lock()
	_, had := t.items[o.GetName()]
	if ok && !gone {
		t.items[o.GetName()] = v
	} else {
		delete(t.items, o.GetName())
	}
	t.mu.Unlock()
	if ok || had {
		t.changed()
	}
}

func (t *table[O, V]) replace(items map[string]V) {
	t.mu.Lock()
	t.items, t.synced = items, true
	t.mu.Unlock()
	t.changed()
}

// follow keeps a table true until ctx ends. While the API server cannot be reached the table stays as it is.
func follow[O metav1.Object, V any](ctx context.Context, log zerolog.Logger, r reader[O], t *table[O, V]) {
	backoff, told, version := firstBackoff, "", ""
	for ctx.Err() == nil {
		began := time.Now()
		var err error
		if version == "" {
			version, err = relist(ctx, r, t)
		}
		if err == nil {
			version, err = follow1(ctx, r, t, version)
		}
		if time.Since(began) > lastBackoff { // it worked for a while
			backoff, told = firstBackoff, ""
		}
		if err != nil && ctx.Err() == nil && err.Error() != told {
			told = err.Error()
			log.Warn().Err(err).Str("what", r.what).Msg("cluster.unread")
		}
		pause(ctx, backoff/2+rand.N(backoff))
		backoff = min(2*backoff, lastBackoff)
	}
}

// relist reads all objects, and returns the version to watch from.
func relist[O metav1.Object, V any](ctx context.Context, r reader[O], t *table[O, V]) (version string, err error) {
	items, options := map[string]V{}, r.only
	options.Limit = pageSize
	for {
		page, meta, err := r.list(ctx, options)
		if err != nil {
			return "", fmt.Errorf("list %s: %w", r.what, err)
		}
		for _, o := range page {
			if v, ok := t.read(o); ok {
				items[o.GetName()] = v
			}
		}
		if meta.Continue == "" {
			t.replace(items)
			return meta.ResourceVersion, nil
		}
		options.Continue = meta.Continue
	}
}

// follow1 takes changes until the watch ends, and returns the version to go on from: "" if all has to be read again.
func follow1[O metav1.Object, V any](ctx context.Context, r reader[O], t *table[O, V], version string) (string, error) {
	options, seconds := r.only, int64((watchFor + rand.N(watchFor)).Seconds())
	options.ResourceVersion, options.AllowWatchBookmarks, options.TimeoutSeconds = version, true, &seconds
	w, err := r.watch(ctx, options)
	if err != nil {
		return resumable(version, err), fmt.Errorf("watch %s: %w", r.what, err)
	}
	defer w.Stop()
	for event := range w.ResultChan() {
		if event.Type == watch.Error {
			err := apierrors.FromObject(event.Object)
			return resumable(version, err), fmt.Errorf("watch %s: %w", r.what, err)
		}
		o, ok := event.Object.(O)
		if !ok {
			return "", fmt.Errorf("watch %s: the server sent %T", r.what, event.Object)
		}
		if event.Type != watch.Bookmark {
			t.put(o, event.Type == watch.Deleted)
		}
		version = o.GetResourceVersion()
	}
	return version, nil
}

// resumable is the version to go on from after an error. One that the server does not keep any more is of no use.
func resumable(version string, err error) string {
	if apierrors.IsResourceExpired(err) || apierrors.IsGone(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
		return ""
	}
	return version
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// pointers is a list as its elements.
func pointers[L runtime.Object, O any](get func(context.Context, metav1.ListOptions) (L, error), of func(L) ([]O, metav1.ListMeta)) func(context.Context, metav1.ListOptions) ([]*O, metav1.ListMeta, error) {
	return func(ctx context.Context, options metav1.ListOptions) ([]*O, metav1.ListMeta, error) {
		list, err := get(ctx, options)
		if err != nil {
			return nil, metav1.ListMeta{}, err
		}
		items, meta := of(list)
		out := make([]*O, len(items))
		for i := range items {
			out[i] = &items[i]
		}
		return out, meta, nil
	}
}
