package site

import "context"

// KindWatcher is a Store that can watch some kinds at less cost than all.
type KindWatcher interface {
	// WatchKinds is Watch for these kinds only.
	WatchKinds(ctx context.Context, kinds ...string) (<-chan Event, error)
}

// Watch watches a store for changes of some kinds, or of all if none is named. Where the store cannot tell them apart there are
// events of others too.
func Watch(ctx context.Context, store Store, kinds ...string) (<-chan Event, error) {
	if w, ok := store.(KindWatcher); ok && len(kinds) > 0 {
		return w.WatchKinds(ctx, kinds...)
	}
	return store.Watch(ctx)
}
