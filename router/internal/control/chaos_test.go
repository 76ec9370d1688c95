package control

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"
)

// chaos is a network to which bad things happen, in an order that its seed decides.
type chaos struct {
	*network
	rnd   *rand.Rand
	tp    topology
	links []int // numbers by the links of the topology; 0 when it is down
	dead  map[int]bool
	steps []string // what has happened so far
}

func newChaos(t *testing.T, seed int64) *chaos {
	t.Helper()
	c := &chaos{network: newNetwork(t), rnd: rand.New(rand.NewSource(seed)), dead: map[int]bool{}}
	c.tp = randomTopology(c.rnd, 10, 8)
	c.jitter(c.rnd)
	for i := range c.tp.n {
		c.boot(name(i), "M"+name(i))
	}
	c.links = make([]int, len(c.tp.links))
	for k := range c.links {
		c.up(k)
	}
	return c
}

func (c *chaos) note(format string, args ...any) {
	c.steps = append(c.steps, fmt.Sprintf("%6d  ", c.now.Sub(c.start).Milliseconds())+fmt.Sprintf(format, args...))
}

// up makes a link of the topology if its routers live.
func (c *chaos) up(k int) {
	if l := c.tp.links[k]; c.links[k] == 0 && !c.dead[l[0]] && !c.dead[l[1]] {
		c.links[k] = c.join(name(l[0]), name(l[1]), l[2])
	}
}

// silence has a link lose everything, or not any more; nobody is told.
func (c *chaos) silence(k int, cut bool) {
	for _, r := range c.routers {
		if e := r.ends[c.links[k]]; e != nil {
			e.cut = cut
		}
	}
}

// step is one thing that happens.
func (c *chaos) step() {
	k, i := c.rnd.Intn(len(c.links)), c.rnd.Intn(c.tp.n)
	r := c.routers[name(i)]
	switch c.rnd.Intn(9) {
	case 0:
		c.note("link %d parts", k)
		c.part(c.links[k])
		c.links[k] = 0
	case 1:
		c.note("link %d is up", k)
		c.up(k)
	case 2:
		c.note("link %d is cut, and nobody told", k)
		c.silence(k, true)
	case 3:
		c.note("every link loses a third")
		c.drop = func(string, string, *body) bool { return c.rnd.Intn(3) == 0 }
	case 4:
		c.note("every hop takes up to 600 ms")
		c.delay = func() time.Duration { return time.Duration(c.rnd.Int63n(int64(600 * ms))) }
	case 5:
		c.note("half of the network is cut off from the other")
		for k, l := range c.tp.links {
			if (l[0] < c.tp.n/2) != (l[1] < c.tp.n/2) {
				c.silence(k, true)
			}
		}
	case 6:
		if c.dead[i] {
			c.restart(i)
			return
		}
		c.note("%s is killed", r.id)
		c.dead[i] = true
		c.kill(r.id)
		for k, l := range c.tp.links {
			if l[0] == i || l[1] == i {
				c.links[k] = 0
			}
		}
	case 7:
		d := time.Duration(c.rnd.Int63n(int64(8 * time.Second))) // never back: routers go by a monotonic clock, which may leap after a machine has slept
		c.note("the clock of %s jumps by %v", r.id, d)
		c.jump(r, d)
	case 8:
		c.note("%s forgets its address, and has it again", r.id)
		r.LocalRemoved(c.clock(r), "M"+r.id)
		c.collect(r)
		r.LocalAdded(c.clock(r), "M"+r.id, 3)
		c.collect(r)
	}
}

// restart has a router that was killed come again, with nothing but its id.
func (c *chaos) restart(i int) {
	c.note("%s starts again", name(i))
	c.dead[i] = false
	c.boot(name(i), "M"+name(i))
	for k, l := range c.tp.links {
		if l[0] == i || l[1] == i {
			c.up(k)
		}
	}
}

// heal makes everything good.
func (c *chaos) heal() {
	c.note("all is well")
	c.drop = nil
	c.jitter(c.rnd)
	for i := range c.tp.n {
		if c.dead[i] {
			c.restart(i)
		}
	}
	for k := range c.links {
		c.up(k)
		c.silence(k, false)
	}
}

// healing is how long a network may take to agree after the last bad thing: a neighbour that was not heard is lost after 3 s and found again, and what was
// missed is told by an RA, which comes every 4 s then.
const healing = 12 * time.Second

// misfortune has forty bad things happen, and returns how long it took afterwards until all agreed again.
func (c *chaos) misfortune() (took time.Duration, err error) {
	c.run(2 * time.Second)
	for range 40 {
		c.step()
		c.run(time.Duration(c.rnd.Intn(1500)) * ms)
	}
	c.heal()
	start, d := c.now, c.tp.distances(nil)
	for err = c.converged(d, nil); err != nil && c.now.Sub(start) < healing; err = c.converged(d, nil) {
		c.run(20 * ms)
	}
	return c.now.Sub(start), err
}

// maxLines is how much of the sequence of a run that fails is shown: its end.
const maxLines = 400

// TestChaos has links part, be cut, lose and delay, routers be killed and start again, and clocks jump. Afterwards the network has to agree by itself. A run
// that fails is done again, with what was said.
func TestChaos(t *testing.T) {
	seeds := int64(30)
	if testing.Short() {
		seeds = 5
	}
	longest := time.Duration(0)
	for seed := range seeds {
		c := newChaos(t, seed)
		took, err := c.misfortune()
		longest = max(longest, took)
		if err == nil {
			continue
		}
		again := newChaos(t, seed)
		again.record = true
		_, _ = again.misfortune()
		lines := again.lines[max(0, len(again.lines)-maxLines):]
		t.Errorf("seed %d: no agreement within %v: %v\nlinks: %v\nwhat happened:\n%s\nwhat was said last:\n%s",
			seed, healing, err, c.tp.links, strings.Join(c.steps, "\n"), strings.Join(lines, "\n"))
	}
	t.Logf("agreed after %v at most", longest)
}

// TestChaosIsReproducible: one seed is one sequence, or else a run that fails could not be looked at.
func TestChaosIsReproducible(t *testing.T) {
	var runs [2][]string
	for i := range runs {
		c := newChaos(t, 3)
		c.record = true
		if _, err := c.misfortune(); err != nil {
			t.Fatal(err)
		}
		runs[i] = append(c.steps, c.lines...)
	}
	if !slices.Equal(runs[0], runs[1]) {
		for i := range min(len(runs[0]), len(runs[1])) {
			if runs[0][i] != runs[1][i] {
				t.Fatalf("line %d is once\n%s\nand then\n%s", i, runs[0][i], runs[1][i])
			}
		}
		t.Errorf("%d lines, and then %d", len(runs[0]), len(runs[1]))
	}
}
