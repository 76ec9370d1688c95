//go:build cluster

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/cluster/node"
)

// shared is a cluster that is started when the first test asks for it, and serves all that follow.
type shared struct {
	name  string
	index int
	// slots has room for the tests that may use the cluster at a time. West is for tests that only use it, side by side in namespaces
	// of their own; east is one test's at a time, so that it may cut its network and end what it consists of.
	slots chan struct{}

	mu          sync.Mutex
	cluster     *node.Cluster
	failed      error           // of its start
	controllers map[string]bool // that it has, by namespace; nil before it has images and definitions
	namespaces  []string        // that tests made
	users       map[*testing.T]bool
}

// crowd is how many tests use a cluster at a time. They mostly wait, and more of them would only wait for each other.
const crowd = 4

var (
	theWest = &shared{name: "west", index: 1, slots: make(chan struct{}, crowd)}
	theEast = &shared{name: "east", index: 2, slots: make(chan struct{}, 1)}
)

// west is the cluster that tests share: none of them may disturb it.
func west(t *testing.T) *node.Cluster { t.Helper(); return theWest.use(t) }

// east is another one, the test's alone until it ends. Who needs both asks for this one first.
func east(t *testing.T) *node.Cluster { t.Helper(); return theEast.use(t) }

func (s *shared) use(t *testing.T) *node.Cluster {
	t.Helper()
	s.mu.Lock()
	again := s.users[t]
	s.mu.Unlock()
	if !again {
		s.slots <- struct{}{}
		t.Cleanup(func() {
			s.mu.Lock()
			delete(s.users, t)
			s.mu.Unlock()
			<-s.slots
		})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users == nil {
		s.users = map[*testing.T]bool{}
	}
	s.users[t] = true
	if s.cluster == nil && s.failed == nil {
		began := time.Now()
		s.failed = s.start(t.Context())
		t.Logf("cluster %s is up after %.1f s", s.name, time.Since(began).Seconds())
	}
	if s.failed != nil {
		t.Fatal(s.failed)
	}
	return s.cluster
}

func (s *shared) start(ctx context.Context) error {
	dir := filepath.Join(os.Getenv(dirEnv), "c"+fmt.Sprint(s.index))
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	c, err := node.Start(ctx, node.Options{Name: s.name, Index: s.index, Assets: os.Getenv(assetsEnv), Dir: dir, Pause: program("pause")})
	if err != nil {
		return err
	}
	s.cluster = c
	if s.index == 1 { // a machine has one such file
		return c.FindNames()
	}
	return nil
}

// of finds what is known of a cluster.
func of(c *node.Cluster) *shared {
	if c.Name == theEast.name {
		return theEast
	}
	return theWest
}

// makeNamespace makes one that goes with the test. That takes half a minute, as pods may take that long, which no test waits
// for: stop sees that all went.
func (s *shared) makeNamespace(t *testing.T, name string, failed func(context.Context)) {
	t.Helper()
	kubectl(t, s.cluster, "create", "namespace", name)
	s.mu.Lock()
	s.namespaces = append(s.namespaces, name)
	s.mu.Unlock()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience) // t.Context has ended by now
		defer cancel()
		if t.Failed() {
			failed(ctx)
		}
		if _, err := s.cluster.Kubectl(ctx, "delete", "namespace", name, "--wait=false"); err != nil {
			t.Error(err)
		}
	})
}

// stop ends the cluster. It fails if a namespace that was deleted is still there, as something holds it then.
func (s *shared) stop() (err error) {
	if s.cluster == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		left := s.left(ctx)
		if len(left) == 0 {
			break
		}
		if ctx.Err() != nil {
			err = fmt.Errorf("namespaces of cluster %s do not go within %v: %s", s.name, patience, strings.Join(left, "\n"))
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	return errors.Join(err, s.cluster.Stop())
}

// left tells of the namespaces of tests that are there, and what is in the way.
func (s *shared) left(ctx context.Context) (left []string) {
	for _, name := range s.namespaces {
		code, tree, err := s.cluster.API.Do(context.WithoutCancel(ctx), "GET", "/api/v1/namespaces/"+name, nil)
		if err != nil || code != 404 {
			left = append(left, fmt.Sprintf("%s: code %d, %v, %v", name, code, err, tree["status"]))
		}
	}
	return slices.Clip(left)
}

func stopClusters() error {
	var ends sync.WaitGroup
	errs := make([]error, 2)
	for i, s := range []*shared{theWest, theEast} {
		ends.Go(func() { errs[i] = s.stop() })
	}
	ends.Wait()
	return errors.Join(errs...)
}
