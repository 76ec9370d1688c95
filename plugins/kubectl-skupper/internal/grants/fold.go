package grants

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
)

// foldPause is between two rounds of folding. A round that took longer is followed by as long a pause: where there are hundreds of
// redemptions a second the API server has better to do, as they are persisted already.
const foldPause = 500 * time.Millisecond

// maxFoldPause is the longest pause where folding fails.
const maxFoldPause = 30 * time.Second

// cutTime bounds the writes of a journal that redemptions wait for; what was not done then is done in the next round.
const cutTime = 10 * time.Second

// folder brings what the journals have into the records of the grants. The leader does so.
type folder struct{ store *store }

// Start folds until ctx ends.
func (f folder) Start(ctx context.Context) error {
	failing := map[string]retry{}
	for {
		select {
		case <-f.store.unfolded:
		case <-ctx.Done():
			return nil
		}
		begin := time.Now()
		for _, j := range f.store.changed() {
			if in, err := f.store.scope.Controls(ctx, j.namespace); err == nil && !in {
				continue // another controller's
			}
			if begin.Before(failing[j.namespace].at) {
				f.store.note(j.namespace)
				continue
			}
			err := j.tidy(ctx)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				failing[j.namespace] = failing[j.namespace].next(time.Now())
				f.store.note(j.namespace)
			} else {
				delete(failing, j.namespace)
			}
			j.complain(err)
		}
		timer := time.NewTimer(max(foldPause, time.Since(begin)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}

// retry is when a namespace is tried again whose grants cannot be written: ever later, so that it costs the API server little.
type retry struct {
	at    time.Time
	pause time.Duration
}

func (r retry) next(now time.Time) retry {
	r.pause = min(max(foldPause, 2*r.pause), maxFoldPause)
	r.at = now.Add(r.pause)
	return r
}

// complain logs what is wrong, once.
func (j *journal) complain(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	j.mu.Lock()
	same := j.problem == text
	j.problem = text
	j.mu.Unlock()
	if err != nil && !same {
		j.log.Error().Err(err).Msg("grant-journal.fold") // what could not be folded stays in the journal, and counts
	}
}

// tidy folds all there is and takes it out. A journal with nothing in it is removed.
func (j *journal) tidy(ctx context.Context) error {
	if err := j.catchUp(ctx); err != nil {
		return err
	}
	if len(j.known()) == 0 {
		return j.remove(ctx)
	}
	done, err := j.fold(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := j.queue.Turn(ctx); err != nil {
		return err
	}
	defer j.queue.Back()
	ctx, cancel := context.WithTimeout(ctx, cutTime)
	defer cancel()
	return errors.Join(err, j.cut(ctx, done))
}

// catchUp takes over what the cache has, if that is newer.
func (j *journal) catchUp(ctx context.Context) error {
	var m corev1.ConfigMap
	err := j.cache.Get(ctx, client.ObjectKey{Namespace: j.namespace, Name: names.GrantJournal}, &m)
	if err != nil {
		return client.IgnoreNotFound(err)
	}
	if err := j.queue.Turn(ctx); err != nil {
		return err
	}
	defer j.queue.Back()
	j.takeNewer(ctx, &m)
	return nil
}

// fold writes what is known into the records of the grants, and tells up to which count each has it.
func (j *journal) fold(ctx context.Context) (done map[string]int, err error) {
	done = map[string]int{}
	for uid, e := range j.known() {
		bad := j.foldOne(ctx, uid, e)
		if bad == nil || fault.Is(bad, fault.Missing) { // with the grant goes what was counted
			done[uid] = e.Count
			continue
		}
		if err = errors.Join(err, bad); ctx.Err() != nil {
			break
		}
	}
	return done, err
}

func (j *journal) foldOne(ctx context.Context, uid string, e entry) error {
	key := client.ObjectKey{Namespace: j.namespace, Name: e.Name}
	for try := range writes {
		from := j.live
		if try == 0 {
			from = j.cache // a write over an old version fails
		}
		g, err := readGrant(ctx, from, key, uid)
		if try == 0 && fault.Is(err, fault.Missing) {
			continue // or it is a new one
		}
		if err != nil {
			return err
		}
		changed, err := e.redemption().Fold(g)
		if err != nil || !changed {
			return err
		}
		err = patch(ctx, j.write, g)
		switch {
		case err == nil:
			j.remember(g)
			return nil
		case !apierrors.IsConflict(err) && !apierrors.IsNotFound(err):
			return fmt.Errorf("record the redemptions of grant %s: %w", g.Name, err)
		}
	}
	return fault.New(fault.Conflict, fmt.Sprintf("grant %s is changed all the time", e.Name), "")
}

// patch writes the record of a grant, if there is no other version of it.
func patch(ctx context.Context, write client.Writer, g *v2alpha1.AccessGrant) error {
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": g.UID, "resourceVersion": g.ResourceVersion,
		"annotations": map[string]string{grant.AnnotationRecord: g.Annotations[grant.AnnotationRecord]},
	}})
	if err != nil {
		return err
	}
	return write.Patch(ctx, g, client.RawPatch(types.MergePatchType, body))
}

// cut takes out what the grants have in their own records now. A ConfigMap that is gone is not made again for that. The turn is the caller's.
func (j *journal) cut(ctx context.Context, done map[string]int) error {
	for range writes {
		err := j.load(ctx, false)
		rest := j.known().without(done)
		if errors.Is(err, errGone) { // as with its namespace: what is not folded yet is kept here only
			j.mu.Lock()
			j.entries = rest
			j.epoch++
			j.mu.Unlock()
			return nil
		}
		if err != nil {
			return err
		}
		text, err := rest.encode()
		if err != nil {
			return fmt.Errorf("record redemptions: %w", err)
		}
		err = j.put(ctx, rest, text)
		j.mu.Lock()
		j.epoch++ // a grant that was read before need not have what was taken out
		j.mu.Unlock()
		if !errors.Is(err, errAgain) {
			return err
		}
	}
	return nil // what is in the records already does no harm
}

// remove deletes the ConfigMap if it has nothing in it, and nobody adds to it meanwhile.
func (j *journal) remove(ctx context.Context) error {
	if !j.queue.TryTurn() {
		return nil // it is in use
	}
	defer j.queue.Back()
	j.mu.Lock()
	m := j.now
	idle := m != nil && len(j.entries) == 0 && j.queue.Waiting() == 0
	j.mu.Unlock()
	if !idle {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, cutTime)
	defer cancel()
	err := j.write.Delete(ctx, m, client.Preconditions{UID: &m.UID, ResourceVersion: &m.ResourceVersion})
	j.forget()
	if apierrors.IsConflict(err) {
		return nil
	}
	return client.IgnoreNotFound(err)
}
