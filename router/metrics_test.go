package router_test

import (
	"context"
	"testing"

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
