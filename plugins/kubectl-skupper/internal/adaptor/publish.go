package adaptor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/router/network"
)

const (
	publishEvery   = time.Second
	publishOctets  = 64 << 10 // a second: what other sites say must not keep the cluster's database busy
	publishTimeout = 10 * time.Second
	conflictPause  = 100 * time.Millisecond
	lookEvery      = 30 * time.Second // whether the ConfigMap is still as it was written
	// settle is how long after its start a collector may not know all that its predecessor knew: the rarest beacon comes
	// every ten seconds.
	settle = 12 * time.Second
)

// configMaps is what is needed of the API.
type configMaps interface {
	Get(ctx context.Context, name string, options metav1.GetOptions) (*corev1.ConfigMap, error)
	Create(ctx context.Context, m *corev1.ConfigMap, options metav1.CreateOptions) (*corev1.ConfigMap, error)
	Update(ctx context.Context, m *corev1.ConfigMap, options metav1.UpdateOptions) (*corev1.ConfigMap, error)
	Delete(ctx context.Context, name string, options metav1.DeleteOptions) error
}

// publisher writes the network status. What take is given, run writes, the newest only.
type publisher struct {
	api    configMaps
	owner  metav1.OwnerReference
	site   string
	log    zerolog.Logger
	may    func() bool // it may be written now
	counts *counters
	began  time.Time

	wake chan struct{} // there is another status; has room for one
	mu   sync.Mutex
	next *network.Status // nil: none yet

	// run's own
	last    *corev1.ConfigMap // as it was read or written last; nil: has to be read
	before  *network.Status   // what the predecessor knew; nil: nothing
	read    bool              // before is known
	dropped string
	size    int // octets of the last that was written
}

func newPublisher(api configMaps, owner metav1.OwnerReference, site string, log zerolog.Logger) *publisher {
	return &publisher{api: api, owner: owner, site: site, log: log, wake: make(chan struct{}, 1), began: time.Now()}
}

// take notes a status. It does not wait.
func (p *publisher) take(s network.Status) {
	p.mu.Lock()
	p.next = &s
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default: // it will look anyway
	}
}

func (p *publisher) newest() *network.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next
}

// run writes until ctx ends.
func (p *publisher) run(ctx context.Context) {
	told := ""
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	var at time.Time // of the last write
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		case <-timer.C:
			p.last = nil
		}
		pause(ctx, time.Until(at.Add(spacing(p.size))))
		wrote, again, err := p.publish(ctx)
		if ctx.Err() != nil {
			return
		}
		if wrote {
			at = time.Now()
		}
		wait := lookEvery
		if err != nil || again {
			wait = publishEvery
		}
		if err != nil && err.Error() != told {
			p.log.Warn().Err(err).Msg("network.unpublished")
		}
		told = ""
		if err != nil {
			told = err.Error()
		}
		timer.Reset(wait)
	}
}

// spacing is how long after a write of so many octets there is no other. It is a second, but for big networks: whatever one member
// of it changes all the time, every site would write that to its cluster twice, once more in the status of the Site.
func spacing(octets int) time.Duration {
	return max(publishEvery, time.Duration(octets)*time.Second/publishOctets)
}

// publish writes the newest status if that may be and is needed; again: not yet.
func (p *publisher) publish(ctx context.Context) (wrote, again bool, err error) {
	s := p.newest()
	if s == nil {
		return false, false, nil
	}
	if !p.may() {
		return false, true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	if !p.read {
		if err := p.get(ctx); err != nil {
			return false, true, err
		}
		p.before, p.read = predecessor(p.last), true
	}
	if time.Since(p.began) < settle && forgets(p.before, *s, p.site) {
		return false, true, nil
	}
	text, dropped, err := bounded(*s, p.site, maxStatus)
	if err != nil {
		return false, false, err
	}
	if dropped != p.dropped {
		p.dropped = dropped
		p.log.Warn().Str("dropped", dropped).Int("octets", len(text)).Msg("network.toobig")
	}
	for {
		wrote, err := p.write(ctx, text)
		if !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) && !apierrors.IsNotFound(err) || ctx.Err() != nil || !p.may() {
			return wrote, err != nil, err
		}
		p.last = nil
		pause(ctx, conflictPause)
	}
}

// get reads what is there; nothing is an empty ConfigMap without a version.
func (p *publisher) get(ctx context.Context) error {
	m, err := p.api.Get(ctx, names.NetworkStatus, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		m, err = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: names.NetworkStatus}}, nil
	}
	if err != nil {
		return fmt.Errorf("read configmap %s: %w", names.NetworkStatus, err)
	}
	p.last = m
	return nil
}

// write makes the ConfigMap have this text, and nothing else.
func (p *publisher) write(ctx context.Context, text string) (wrote bool, err error) {
	if p.last == nil {
		if err := p.get(ctx); err != nil {
			return false, err
		}
	}
	owners := []metav1.OwnerReference{p.owner}
	exists := p.last.ResourceVersion != ""
	if exists && len(p.last.Data) == 1 && p.last.Data[names.NetworkKey] == text && equality.Semantic.DeepEqual(p.last.OwnerReferences, owners) {
		return false, nil
	}
	m := &corev1.ConfigMap{ObjectMeta: *p.last.ObjectMeta.DeepCopy(), Data: map[string]string{names.NetworkKey: text}}
	m.OwnerReferences, m.ManagedFields = owners, nil
	if exists && p.last.Immutable != nil && *p.last.Immutable { // by somebody's hand: it would say the same for ever
		err := p.api.Delete(ctx, names.NetworkStatus, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &p.last.UID}})
		if err != nil {
			p.last = nil
			return false, fmt.Errorf("replace configmap %s, which is immutable: %w", names.NetworkStatus, err)
		}
		exists = false
	}
	if exists {
		m, err = p.api.Update(ctx, m, metav1.UpdateOptions{})
	} else {
		m.ResourceVersion, m.UID = "", ""
		m, err = p.api.Create(ctx, m, metav1.CreateOptions{})
	}
	if err != nil {
		p.last = nil
		return false, fmt.Errorf("write configmap %s: %w", names.NetworkStatus, err)
	}
	p.last, p.size = m, len(text)
	p.counts.published.Add(1)
	p.counts.octets.Store(uint64(len(text)))
	return true, nil
}

// predecessor is what the ConfigMap says.
func predecessor(m *corev1.ConfigMap) *network.Status {
	var s network.Status
	if text := m.Data[names.NetworkKey]; text == "" || json.Unmarshal([]byte(text), &s) != nil { // then it is of no use
		return nil
	}
	return &s
}

// forgets tells whether a status lacks sites that were known before, though the site's own routers are the same: most likely it
// is only the collector that is new, and has not heard of all yet.
func forgets(before *network.Status, now network.Status, own string) bool {
	if before == nil {
		return false
	}
	routers := func(s network.Status) (ids []string) {
		for _, site := range s.Sites {
			for _, r := range site.Routers {
				if site.Info.ID == own {
					ids = append(ids, r.Info.Name)
				}
			}
		}
		return ids
	}
	known := routers(*before)
	for _, id := range routers(now) {
		if !slices.Contains(known, id) {
			return false
		}
	}
	for _, old := range before.Sites {
		if !slices.ContainsFunc(now.Sites, func(s network.Site) bool {
			return s.Info.ID == old.Info.ID && len(s.Routers) >= min(1, len(old.Routers))
		}) {
			return true
		}
	}
	return false
}

var errTooBig = errors.New("the network status is too big for a ConfigMap even without details")
