//go:build cluster

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	slots *slots // for the tests that use the cluster at a time, in namespaces of their own

	mu          sync.Mutex
	cluster     *node.Cluster
	failed      error           // of its start
	controllers map[string]bool // that it has, by namespace; nil before it has images and definitions
	namespaces  []string        // that tests made
	users       map[*testing.T]bool
}

// Tests mostly wait. More of them at a time would only wait for each other.
var (
	theWest = &shared{name: "west", index: 1, slots: newSlots(4)}
	theEast = &shared{name: "east", index: 2, slots: newSlots(3)}
)

// west is the cluster for tests that only use it: nothing disturbs them.
func west(t *testing.T) *node.Cluster { t.Helper(); return theWest.use(t, 1) }

// east is the other one, whose controllers may end at any time. Who needs both clusters asks for this one first.
func east(t *testing.T) *node.Cluster { t.Helper(); return theEast.use(t, 1) }

// eastAlone is east, and nobody else's until the test ends: it may cut the network and end what the cluster consists of.
func eastAlone(t *testing.T) *node.Cluster { t.Helper(); return theEast.use(t, theEast.slots.all) }

func (s *shared) use(t *testing.T, slots int) *node.Cluster {
	t.Helper()
	s.mu.Lock()
	again := s.users[t]
	s.mu.Unlock()
	if !again {
		s.slots.take(slots)
		t.Cleanup(func() {
			s.mu.Lock()
			delete(s.users, t)
			s.mu.Unlock()
			s.slots.give(slots)
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
		time.Sleep(time.Second)
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
	return left
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
