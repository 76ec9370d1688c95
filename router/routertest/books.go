package routertest

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/Azure/go-amqp"

	"github.com/skupper-plugins/suite/router/manage"
)

// Books compares what two linked routers keep of deliveries by link with what was sent: where the messages of a receiver's link have entered the network,
// and how many streams are under way for which a link was chosen, though they are on links of their own.
func Books(t *testing.T, a, b *Node) {
	t.Helper()
	for _, pair := range [][2]*Node{{a, b}, {b, a}} {
		near, far := pair[0], pair[1]
		t.Run("messages to "+near.ID, func(t *testing.T) { entered(t, near, far) })
		t.Run("streams from "+near.ID, func(t *testing.T) { moved(t, near, far) })
	}
}

// session is one of a client of a router.
func session(ctx context.Context, t *testing.T, n *Node) *amqp.Session {
	t.Helper()
	c, err := amqp.Dial(ctx, n.URL(), &amqp.ConnOptions{SASLType: amqp.SASLTypeAnonymous()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	s, err := c.NewSession(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// entered has a client of near receive messages from clients of both.
func entered(t *testing.T, near, far *Node) {
	ctx := limited(t)
	addr := fmt.Sprint("books-", near.ID)
	r, err := session(ctx, t, near).NewReceiver(ctx, addr, &amqp.ReceiverOptions{Name: addr})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]uint64{near.ID: 3, far.ID: 5}
	for _, n := range []*Node{near, far} {
		s, err := session(ctx, t, n).NewSender(ctx, addr, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want[n.ID] {
			settled := i%2 == 0 // some are settled by their sender, others by their receiver
			got := make(chan error, 1)
			go func() {
				msg, err := r.Receive(ctx, nil)
				if err == nil {
					err = r.AcceptMessage(ctx, msg)
				}
				got <- err
			}()
			if err := s.Send(ctx, amqp.NewMessage([]byte("x")), &amqp.SendOptions{Settled: settled}); err != nil {
				t.Fatalf("send by %s: %v", n.ID, err)
			}
			if err := <-got; err != nil {
				t.Fatalf("receive from %s: %v", n.ID, err)
			}
		}
	}
	Eventually(t, patience, func(ctx context.Context) error {
		got, err := histogram(ctx, near, addr)
		if err == nil && !maps.Equal(got, want) {
			err = fmt.Errorf("%s says that messages have entered at %v, want %v", near.ID, got, want)
		}
		return err
	})
}

// histogram is the one of a link that leaves n, by the ids of routers.
func histogram(ctx context.Context, n *Node, link string) (map[string]uint64, error) {
	found := map[string]uint64{}
	err := n.Manage(ctx, func(c *manage.Client) error {
		nodes, err := c.Query(ctx, "router.node", "id", "index")
		if err != nil {
			return err
		}
		ids := map[int64]any{}
		for _, row := range nodes {
			i, _ := row["index"].(int64)
			ids[i] = row["id"]
		}
		links, err := c.Query(ctx, "router.link", "linkName", "linkDir", "linkType", "ingressHistogram")
		if err != nil {
			return err
		}
		for _, row := range links {
			counts, ok := row["ingressHistogram"].([]any)
			if kept := row["linkDir"] == "out" && row["linkType"] == "endpoint"; ok != kept && row["linkType"] != "inter-router" {
				return fmt.Errorf("the link %v %v has a histogram: %t", row["linkDir"], row["linkName"], ok)
			}
			if row["linkName"] != link {
				continue
			}
			for i, v := range counts {
				if k, _ := v.(int64); k > 0 {
					found[fmt.Sprint(ids[int64(i)])] = uint64(k)
				}
			}
		}
		return nil
	})
	return found, err
}

// moved opens connections from near to far.
func moved(t *testing.T, near, far *Node) {
	addr := path{near, far}.open(t, Echo(t).Port)
	before := open(t, near, 0)
	const flows = 4
	for range flows {
		c, done, err := Dial(limited(t), addr)
		if err != nil {
			t.Fatal(err)
		}
		defer done()
		_ = c.SetDeadline(time.Now().Add(patience))
		if _, err := c.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	open(t, near, before+flows)
}

// open waits until a router says that so many streams are under way on its links to others, and returns how many.
func open(t *testing.T, n *Node, want uint64) (is uint64) {
	t.Helper()
	Eventually(t, patience, func(ctx context.Context) error {
		return n.Manage(ctx, func(c *manage.Client) error {
			rows, err := c.Query(ctx, "router.link", "linkType", "linkDir", "openMovedStreams")
			if err != nil {
				return err
			}
			is = 0
			for _, row := range rows {
				k, ok := row["openMovedStreams"].(int64)
				if !ok {
					return fmt.Errorf("openMovedStreams is %T", row["openMovedStreams"])
				}
				if row["linkType"] == "inter-router" && row["linkDir"] == "out" {
					is += uint64(k)
				}
			}
			if is != want {
				return fmt.Errorf("%s says that %d streams are under way, want %d", n.ID, is, want)
			}
			return nil
		})
	})
	return is
}
