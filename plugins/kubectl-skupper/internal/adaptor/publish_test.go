package adaptor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/router/network"
)

// shelf is the one ConfigMap, with the API server's rules about versions.
type shelf struct {
	mu      sync.Mutex
	has     *corev1.ConfigMap
	version int
	down    bool
	writes  []time.Time
}

var errDown = errors.New("connection refused")

func (s *shelf) Get(context.Context, string, metav1.GetOptions) (*corev1.ConfigMap, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return nil, errDown
	}
	if s.has == nil {
		return nil, apierrors.NewNotFound(schema.GroupResource{}, names.NetworkStatus)
	}
	return s.has.DeepCopy(), nil
}

func (s *shelf) Create(_ context.Context, m *corev1.ConfigMap, _ metav1.CreateOptions) (*corev1.ConfigMap, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.down:
		return nil, errDown
	case s.has != nil:
		return nil, apierrors.NewAlreadyExists(schema.GroupResource{}, m.Name)
	case m.ResourceVersion != "":
		return nil, errors.New("resourceVersion should not be set on objects to be created")
	}
	return s.store(m), nil
}

func (s *shelf) Update(_ context.Context, m *corev1.ConfigMap, _ metav1.UpdateOptions) (*corev1.ConfigMap, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.down:
		return nil, errDown
	case s.has == nil:
		return nil, apierrors.NewNotFound(schema.GroupResource{}, m.Name)
	case m.ResourceVersion != s.has.ResourceVersion:
		return nil, apierrors.NewConflict(schema.GroupResource{}, m.Name, errors.New("another version"))
	case s.has.Immutable != nil && *s.has.Immutable:
		return nil, apierrors.NewInvalid(schema.GroupKind{Kind: "ConfigMap"}, m.Name, nil)
	}
	return s.store(m), nil
}

func (s *shelf) Delete(_ context.Context, name string, o metav1.DeleteOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.down:
		return errDown
	case s.has == nil:
		return apierrors.NewNotFound(schema.GroupResource{}, name)
	case o.Preconditions == nil || o.Preconditions.UID == nil || *o.Preconditions.UID != s.has.UID:
		return apierrors.NewConflict(schema.GroupResource{}, name, errors.New("another object"))
	}
	s.has = nil
	return nil
}

func (s *shelf) store(m *corev1.ConfigMap) *corev1.ConfigMap {
	s.version++
	s.has = m.DeepCopy()
	s.has.ResourceVersion = strconv.Itoa(s.version)
	s.writes = append(s.writes, time.Now())
	return s.has.DeepCopy()
}

// by lets somebody else change the ConfigMap.
func (s *shelf) by(f func(m *corev1.ConfigMap)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version++
	f(s.has)
	s.has.ResourceVersion = strconv.Itoa(s.version)
}

// sites is how many the ConfigMap tells of; -1: there is none.
func (s *shelf) sites(t *testing.T) int {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.has == nil {
		return -1
	}
	var st network.Status
	if err := json.Unmarshal([]byte(s.has.Data[names.NetworkKey]), &st); err != nil {
		t.Fatal(err)
	}
	return len(st.Sites)
}

func publishing(t *testing.T, s *shelf, may func() bool, f func(p *publisher)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		owner := metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "skupper-router", UID: "u"}
		p := newPublisher(s, owner, "s0", zerolog.Nop())
		p.may, p.counts = may, &counters{}
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { p.run(ctx) })
		f(p)
		cancel()
		done.Wait()
		for i := 1; i < len(s.writes); i++ {
			if d := s.writes[i].Sub(s.writes[i-1]); d < publishEvery {
				t.Errorf("written again after %v", d)
			}
		}
	})
}

func always() bool { return true }

// TestPublishOverImmutable has somebody make the ConfigMap immutable, after which it would say the same for ever.
func TestPublishOverImmutable(t *testing.T) {
	s := &shelf{}
	publishing(t, s, always, func(p *publisher) {
		p.take(network.Status{Sites: manySites(1)})
		time.Sleep(time.Minute)
		yes := true
		s.by(func(m *corev1.ConfigMap) { m.Immutable = &yes })
		p.take(network.Status{Sites: manySites(2)})
		time.Sleep(time.Minute)
		if got := s.sites(t); got != 2 || s.has.Immutable != nil {
			t.Errorf("%d sites, immutable %v", got, s.has.Immutable)
		}
	})
}

// TestPublishBigSeldom has a member of a big network change something all the time.
func TestPublishBigSeldom(t *testing.T) {
	s := &shelf{}
	publishing(t, s, always, func(p *publisher) {
		const sites, took = 4000, 2 * time.Minute
		for n := range int(took / time.Second) {
			p.take(network.Status{Sites: manySites(sites + n%2)})
			time.Sleep(time.Second)
		}
		octets := len(s.has.Data[names.NetworkKey])
		if octets < 2*publishOctets {
			t.Fatalf("%d octets are no big network", octets)
		}
		if got, most := len(s.writes)*octets, int(took/time.Second)*publishOctets+2*octets; got > most {
			t.Errorf("%d octets in %v, want %d at most", got, took, most)
		}
	})
}

func TestPublish(t *testing.T) {
	s := &shelf{}
	publishing(t, s, always, func(p *publisher) {
		await := func(after time.Duration, sites, writes int) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			if got := s.sites(t); got != sites || len(s.writes) != writes {
				t.Errorf("%d sites after %d writes, want %d after %d", got, len(s.writes), sites, writes)
			}
		}
		await(time.Minute, -1, 0) // nobody said anything
		p.take(many(1, 1))
		await(0, 1, 1)
		if o := s.has.OwnerReferences; len(o) != 1 || o[0].Kind != "Deployment" || len(s.has.Data) != 1 {
			t.Errorf("made %+v", s.has)
		}
		p.take(many(1, 1))
		await(5*time.Second, 1, 1) // the same
		for i := range 10 {
			p.take(many(2+i, 1))
			time.Sleep(10 * time.Millisecond)
		}
		await(1200*time.Millisecond, 11, 3) // the first and the last of many
		s.by(func(m *corev1.ConfigMap) { m.Data["other"] = "x" })
		await(2*lookEvery, 11, 4) // put right
		if len(s.has.Data) != 1 {
			t.Errorf("the data is not replaced: %v", s.has.Data)
		}
		s.by(func(m *corev1.ConfigMap) { m.Labels = map[string]string{"mine": "x"} })
		p.take(many(3, 1)) // in conflict with that
		await(2*time.Second, 3, 5)
		if s.has.Labels["mine"] != "x" {
			t.Error("somebody's label is gone")
		}
		s.mu.Lock()
		s.has = nil
		s.mu.Unlock()
		await(2*lookEvery, 3, 6) // made again
		s.mu.Lock()
		s.down = true
		s.mu.Unlock()
		p.take(many(4, 1))
		time.Sleep(time.Minute)
		s.mu.Lock()
		s.down = false
		s.mu.Unlock()
		await(2*time.Second, 4, 7)
	})
}

// TestPublishNotLeader writes nothing until it may.
func TestPublishNotLeader(t *testing.T) {
	s := &shelf{}
	var leader atomic.Bool
	publishing(t, s, leader.Load, func(p *publisher) {
		p.take(many(2, 1))
		time.Sleep(time.Minute)
		synctest.Wait()
		if s.sites(t) != -1 {
			t.Error("written without the lease")
		}
		leader.Store(true)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if s.sites(t) != 2 {
			t.Error("not written with the lease")
		}
	})
}

// TestPublishSettles: a new collector does not write what it knows less of than the one before, for a while.
func TestPublishSettles(t *testing.T) {
	text, err := json.Marshal(many(3, 1))
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{has: &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: names.NetworkStatus, ResourceVersion: "7"}, Data: map[string]string{names.NetworkKey: string(text)}}, version: 7}
	publishing(t, s, always, func(p *publisher) {
		for _, step := range []struct {
			known, sites int
			after        time.Duration
		}{{1, 3, time.Second}, {2, 3, 5 * time.Second}, {2, 2, 10 * time.Second}} {
			p.take(many(step.known, 1))
			time.Sleep(step.after)
			synctest.Wait()
			if got := s.sites(t); got != step.sites {
				t.Errorf("%d sites, want %d", got, step.sites)
			}
		}
	})
}

func ExampleFromArgs() {
	env := map[string]string{"SKUPPER_ROUTER_CONFIG": "skupper-router-2", "SKUPPER_NAMESPACE": "west", "KUBECONFIG": "/nonexistent"}
	o, err := FromArgs([]string{"-init", "--config-dir=/tmp/x"}, func(k string) string { return env[k] }, nil)
	fmt.Println(o.Init, o.RouterConfig, o.ConfigDir, o.Deployment, err != nil)
	// Output: true skupper-router-2 /tmp/x skupper-router-2 true
}

func manySites(n int) []network.Site {
	out := make([]network.Site, n)
	for i := range out {
		out[i] = network.Site{Info: network.SiteInfo{ID: fmt.Sprintf("s%d", i)}, Routers: []network.Router{}}
	}
	return out
}
