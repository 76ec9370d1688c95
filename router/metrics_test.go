package router_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	amqp "github.com/Azure/go-amqp"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestOutcomesAreCounted tells the ends of deliveries apart.
func TestOutcomesAreCounted(t *testing.T) {
	m := routertest.New(t)
	n := m.Add("A", routertest.Engine{})
	m.Start()
	counts := func() (c [4]uint64) {
		t.Helper()
		n.Must(func(ctx context.Context, k *manage.Client) error {
			rows, err := k.Query(ctx, "routerMetrics")
			if err == nil {
				for i, name := range []string{"accepted", "released", "rejected", "modified"} {
					n, _ := rows[0][name+"Deliveries"].(int64)
					c[i] = uint64(n)
				}
			}
			return err
		})
		return c
	}
	c := newClient(t, n)
	before := counts()
	anon := c.sender("", nil)
	nobody := "nobody"
	c.send(anon, &amqp.Message{Properties: &amqp.MessageProperties{To: &nobody}, Value: "x"}) // released
	c.send(anon, amqp.NewMessage([]byte("x")))                                                // rejected: no address
	r, s := c.receiver("q", 10), c.sender("q", nil)
	for range 2 {
		go func() {
			if msg, err := r.Receive(c.ctx, nil); err == nil {
				_ = r.ModifyMessage(c.ctx, msg, nil) // the sender sees it
			}
		}()
		c.send(s, amqp.NewMessage([]byte("x")))
	}
	after := counts()
	if got := [3]uint64{after[1] - before[1], after[2] - before[2], after[3] - before[3]}; got != [3]uint64{1, 1, 2} {
		t.Errorf("released, rejected, modified: %v, want [1 1 2]", got)
	}
	if after[0] <= before[0] { // the requests themselves
		t.Error("no delivery was accepted")
	}
}

// TestDelayedAndStuck has a receiver take its time: what it has not settled for long is stuck, what it settles then was delayed.
func TestDelayedAndStuck(t *testing.T) {
	t.Parallel()
	m := routertest.New(t)
	n := m.Add("A", routertest.Engine{})
	m.Start()
	row := func() (delayed1, delayed10, stuck int64) {
		t.Helper()
		n.Must(func(ctx context.Context, k *manage.Client) error {
			rows, err := k.Query(ctx, "routerMetrics")
			if err == nil {
				delayed1, _ = rows[0]["deliveriesDelayed1Sec"].(int64)
				delayed10, _ = rows[0]["deliveriesDelayed10Sec"].(int64)
				stuck, _ = rows[0]["deliveriesStuck"].(int64)
			}
			return err
		})
		return delayed1, delayed10, stuck
	}
	c := newClient(t, n)
	r, s := c.receiver("q", 10), c.sender("q", nil)
	for range 2 {
		if _, err := s.SendWithReceipt(c.ctx, amqp.NewMessage([]byte("x")), nil); err != nil {
			t.Fatal(err)
		}
	}
	first, second := c.receive(r), c.receive(r)
	time.Sleep(2 * time.Second)
	if err := r.AcceptMessage(c.ctx, first); err != nil {
		t.Fatal(err)
	}
	routertest.Eventually(t, 10*time.Second, func(context.Context) error {
		if d1, _, stuck := row(); d1 != 1 || stuck != 0 {
			return fmt.Errorf("%d delayed, %d stuck, want 1 and 0", d1, stuck)
		}
		return nil
	})
	routertest.Eventually(t, 40*time.Second, func(context.Context) error {
		if _, _, stuck := row(); stuck != 2 { // on its way in and on its way out
			return fmt.Errorf("%d stuck, want 2", stuck)
		}
		return nil
	})
	if err := r.AcceptMessage(c.ctx, second); err != nil {
		t.Fatal(err)
	}
	routertest.Eventually(t, 10*time.Second, func(context.Context) error {
		if d1, d10, stuck := row(); d1 != 1 || d10 != 1 || stuck != 0 {
			return fmt.Errorf("%d and %d delayed, %d stuck, want 1, 1 and 0", d1, d10, stuck)
		}
		return nil
	})
}
