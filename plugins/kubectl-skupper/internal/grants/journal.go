package grants

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/rs/zerolog"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/grant/together"
)

const (
	journalKey  = "redemptions" // of the ConfigMap
	maxTogether = 128           // redemptions that are persisted by one write
)

// journal is where the redemptions of all grants of a namespace are persisted first: one ConfigMap, of which a write costs the API
// server a fifth of what the write of a grant does, and has room for all that wait at the time. Soon after they are folded into
// the records of their grants.
//
// Any number of servers share it. What keeps their counts exact:
//
//   - the record of a grant is only written by folding an entry that is in the journal at that time, and an entry is only taken out
//     once the record has it. So record and entry, of which the higher count is right, are never both behind;
//   - the journal is only written over the version that is known here;
//   - a redemption is only added if its grant was read after it was known what else is in the journal, and nothing but additions
//     of this server was written since: that is what an epoch is. Whoever writes in between makes the write fail.
type journal struct {
	namespace string
	cache     client.Reader
	live      client.Reader // not the cache
	write     client.Writer
	remember  func(*v2alpha1.AccessGrant) // is told of grants that were read or written, which the cache may not have yet
	log       zerolog.Logger

	queue *together.Queue[*use] // whose turn it is reads or writes the ConfigMap

	mu      sync.Mutex
	now     *corev1.ConfigMap // as last read or written; nil: what is there is not known
	version uint64            // the newest that was known
	entries entries           // those of that version
	epoch   int
	problem string // that was complained of last
}

// use is a redemption that waits to be persisted.
type use struct {
	key   client.ObjectKey
	uid   string
	of    grant.Redemption
	grant *v2alpha1.AccessGrant // as it was read in epoch
	epoch int
}

// known are the entries as far as they are known without asking, and what adds to them fails if that is not far enough.
func (j *journal) known() entries {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.entries
}

// see takes over a version that the cache has, if it is a newer one and nobody is just finding out more.
func (j *journal) see(ctx context.Context, m *corev1.ConfigMap) {
	if !j.queue.TryTurn() {
		return // folding catches up
	}
	defer j.queue.Back()
	j.takeNewer(ctx, m)
}

func (j *journal) takeNewer(ctx context.Context, m *corev1.ConfigMap) {
	j.mu.Lock()
	newer := version(m) > j.version // not than now, which may just be unknown
	j.mu.Unlock()
	if newer {
		j.take(ctx, m.DeepCopy())
	}
}

// take takes over what is in the ConfigMap, and begins an epoch. What was known here and is not there any more is kept unless its grant
// has it: then it was no server that took it out. The turn is the caller's.
func (j *journal) take(ctx context.Context, m *corev1.ConfigMap) {
	all, err := parseEntries(m.Data[journalKey])
	j.mu.Lock()
	known, last := j.entries, j.version
	j.mu.Unlock()
	if err != nil {
		all = entries{}
		if version(m) != last {
			j.log.Error().Err(err).Str("configmap", m.Name).Int("known", len(known)).Msg("grant-journal.damaged") // it is written over
		}
	}
	for uid, e := range known {
		if all[uid].Count < e.Count && !j.folded(ctx, uid, e) {
			all[uid] = e
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.now, j.version, j.entries = m, version(m), all
	j.epoch++
}

// folded tells whether a grant has an entry in its record, or is gone. If the cache does not know yet it is not: an entry that comes
// again is folded again.
func (j *journal) folded(ctx context.Context, uid string, e entry) bool {
	g, err := readGrant(ctx, j.cache, client.ObjectKey{Namespace: j.namespace, Name: e.Name}, uid)
	if err != nil {
		return fault.Is(err, fault.Missing)
	}
	lacks, err := e.redemption().Fold(g)
	return err == nil && !lacks
}

// forget has the ConfigMap be read again before anything is written.
func (j *journal) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.now = nil
	j.epoch++
}

// record persists a redemption, together with others that wait.
func (j *journal) record(ctx context.Context, key client.ObjectKey, uid string, r grant.Redemption) error {
	me := &use{key: key, uid: uid, of: r}
	if err := j.look(ctx, me); err != nil {
		return err
	}
	return j.queue.Write(ctx, me, maxTogether, j.commitInTime)
}

// look reads the grant of a redemption, in the epoch that is now.
func (j *journal) look(ctx context.Context, u *use) error {
	j.mu.Lock()
	u.epoch = j.epoch
	j.mu.Unlock()
	var err error
	if u.grant, err = readGrant(ctx, j.live, u.key, u.uid); err == nil {
		j.remember(u.grant.DeepCopy())
	}
	return err
}

// readGrant reads a grant that is a fault.Missing if it is gone, also if there is another of its name.
func readGrant(ctx context.Context, from client.Reader, key client.ObjectKey, uid string) (*v2alpha1.AccessGrant, error) {
	var g v2alpha1.AccessGrant
	err := from.Get(ctx, key, &g)
	switch {
	case apierrors.IsNotFound(err), err == nil && string(g.UID) != uid:
		return nil, fault.New(fault.Missing, "the grant is gone", "")
	case err != nil:
		return nil, fmt.Errorf("read grant %s: %w", key, err)
	}
	return &g, nil
}

// commitInTime is commit with the time that one of the batch began with, not what is left of it: a write that is cut short leaves nobody
// knowing whether it counts.
func (j *journal) commitInTime(ctx context.Context, batch []*together.Entry[*use]) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cutTime)
	defer cancel()
	j.commit(ctx, batch)
}

// commit persists a batch and tells each of it what came of that. The turn is the caller's.
func (j *journal) commit(ctx context.Context, batch []*together.Entry[*use]) {
	for range writes {
		if len(batch) == 0 {
			return
		}
		if err := j.load(ctx, true); err != nil {
			together.End(batch, err)
			return
		}
		after, rest := j.known(), batch[:0:0]
		for _, u := range batch {
			with, err := j.add(ctx, after, u.Value)
			if err != nil {
				u.End(err)
				continue
			}
			after, rest = with, append(rest, u)
		}
		if batch = rest; len(batch) == 0 {
			return
		}
		text, err := after.encode()
		switch {
		case err == nil && len(text) > maxJournal:
			done, bad := j.fold(ctx)
			if err = errors.Join(bad, j.cut(ctx, done)); err == nil {
				err = errAgain
			}
		case err == nil:
			err = j.put(ctx, after, text)
		}
		if !errors.Is(err, errAgain) {
			together.End(batch, err)
			return
		}
	}
	together.End(batch, fault.New(fault.Conflict, fmt.Sprintf("the redemptions of namespace %s are changed all the time", j.namespace), ""))
}

// add adds one to entries that are to be written.
func (j *journal) add(ctx context.Context, to entries, u *use) (entries, error) {
	j.mu.Lock()
	stale := u.epoch != j.epoch
	j.mu.Unlock()
	if stale { // and nothing begins another: the turn is the caller's
		if err := j.look(ctx, u); err != nil {
			return nil, err
		}
	}
	return to.add(u.grant, u.of)
}

// errGone: there is no ConfigMap.
var errGone = errors.New("it is gone")

// load makes sure that it is known what the ConfigMap has. One that is not there is made if it may be, empty: what was read before
// that does not tell what others did to one that was there meanwhile.
func (j *journal) load(ctx context.Context, create bool) error {
	j.mu.Lock()
	known, had := j.now != nil, len(j.entries)
	j.mu.Unlock()
	if known {
		return nil
	}
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: j.namespace, Name: names.GrantJournal}}
	err := j.live.Get(ctx, client.ObjectKeyFromObject(m), m)
	if apierrors.IsNotFound(err) {
		if !create {
			return errGone
		}
		m = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: j.namespace, Name: names.GrantJournal,
			Labels: map[string]string{names.PartOf: names.Skupper}}}
		if err = j.write.Create(ctx, m); apierrors.IsAlreadyExists(err) {
			err = j.live.Get(ctx, client.ObjectKeyFromObject(m), m)
		} else if err == nil && had > 0 {
			j.log.Warn().Str("configmap", m.Name).Int("known", had).Msg("grant-journal.gone") // what was known is written again
			j.mu.Lock()
			j.now, j.version, j.epoch = m, version(m), j.epoch+1
			j.mu.Unlock()
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("read the redemptions of namespace %s: %w", j.namespace, err)
	}
	j.take(ctx, m)
	return nil
}

// errAgain is for a write that must be tried again, since there is another version or since nobody knows whether it happened.
var errAgain = errors.New("try again")

// put writes the entries, which are text, over the version that is known. That it begins no epoch is right for additions only.
func (j *journal) put(ctx context.Context, e entries, text string) error {
	j.mu.Lock()
	m := j.now.DeepCopy()
	j.mu.Unlock()
	if m.Data[journalKey] == text {
		return nil
	}
	m.Data = map[string]string{journalKey: text}
	err := j.write.Update(ctx, m)
	if err == nil {
		j.mu.Lock()
		j.now, j.version, j.entries = m, version(m), e
		j.mu.Unlock()
		return nil
	}
	j.forget()
	if ctx.Err() != nil || apierrors.IsForbidden(err) || apierrors.IsInvalid(err) {
		return fmt.Errorf("record redemptions in namespace %s: %w", j.namespace, err)
	}
	return errAgain
}

// version orders the versions of one object. One that is no number is older than all: then conflicts tell.
func version(o client.Object) uint64 {
	n, err := strconv.ParseUint(o.GetResourceVersion(), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
