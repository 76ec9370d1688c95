package router_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Azure/go-amqp"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestConfiguredAddresses makes and deletes address entities of a running router.
func TestConfiguredAddresses(t *testing.T) {
	a := one(t, config.Address{Name: "first", Prefix: "first", Distribution: "closest"})
	const kind = "router.config.address"
	create := func(name, want string, attrs map[string]any) {
		t.Helper()
		a.Must(func(ctx context.Context, c *manage.Client) error {
			err := c.Create(ctx, kind, name, attrs)
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%v: got %v, want %q", attrs, err, want)
			}
			return nil
		})
	}
	names := func(want string) {
		t.Helper()
		a.Must(func(ctx context.Context, c *manage.Client) error {
			rows, err := c.Query(ctx, kind)
			got := ""
			for _, r := range rows {
				got += fmt.Sprintf("%v:%v%v:%v:%v ", r["name"], r["prefix"], r["pattern"], r["distribution"], r["priority"])
			}
			if got != want {
				t.Errorf("there are %s, want %s", got, want)
			}
			return err
		})
	}
	k := newClient(t, a)
	// copies is how many of two receivers of an address, which nobody has used, get a message to it.
	copies := func(addr string, want int) {
		t.Helper()
		r1, r2 := k.receiver(addr, 5), k.receiver(addr, 5)
		if err := k.sender(addr, nil).Send(k.ctx, amqp.NewMessage([]byte("x")), &amqp.SendOptions{Settled: true}); err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, r := range []*amqp.Receiver{r1, r2} {
			ctx, cancel := context.WithTimeout(k.ctx, time.Second)
			if m, err := r.Receive(ctx, nil); err == nil {
				got++
				_ = r.AcceptMessage(k.ctx, m)
			}
			cancel()
		}
		if got != want {
			t.Errorf("%s: %d receivers got the message, want %d", addr, got, want)
		}
	}
	copies("every/1", 1)
	create("every", "", map[string]any{"prefix": "every", "distribution": "multicast", "priority": 3})
	copies("every/2", 2)
	create("all", "", map[string]any{"pattern": "*.all", "distribution": "multicast"})
	copies("x.all", 2)
	names("all:<nil>*.all:multicast:-1 every:every<nil>:multicast:3 first:first<nil>:closest:-1 ")
	create("both", "either a prefix or a pattern", map[string]any{"prefix": "x", "pattern": "y"})
	create("neither", "either a prefix or a pattern", map[string]any{"distribution": "closest"})
	create("again", "there is an address with that prefix or pattern: every", map[string]any{"prefix": "every"})
	create("every", "duplicates unique attribute 'name'", map[string]any{"prefix": "new"})
	create("odd", "distribution", map[string]any{"prefix": "odd", "distribution": "sideways"})
	a.Delete(kind, "every")
	a.Delete(kind, "first")
	names("all:<nil>*.all:multicast:-1 ")
	copies("every/3", 1)
	a.Must(func(ctx context.Context, c *manage.Client) error {
		if err := c.Delete(ctx, kind, "every"); err == nil || !strings.Contains(err.Error(), "404") {
			t.Errorf("delete again: %v", err)
		}
		return nil
	})
}

// TestPriorityOfAddress has messages take the links of the priority that their address has, whatever their own is.
func TestPriorityOfAddress(t *testing.T) {
	seven := 7
	a, b := couple(t, config.Address{Prefix: "urgent", Priority: &seven})
	in := newClient(t, b).receiver("urgent", 10)
	routertest.Eventually(t, 20*time.Second, func(ctx context.Context) error { return remote(ctx, a, "urgent") })
	k := newClient(t, a)
	before := delivered(t, a, 7)
	s := k.sender("urgent", nil)
	for range 5 {
		m := amqp.NewMessage([]byte("x"))
		m.Header = &amqp.MessageHeader{Priority: 2}
		if err := s.Send(k.ctx, m, &amqp.SendOptions{Settled: true}); err != nil {
			t.Fatal(err)
		}
		k.receive(in)
	}
	if n := delivered(t, a, 7) - before; n != 5 {
		t.Errorf("%d deliveries on the link of priority 7, want 5", n)
	}
	a.Must(func(ctx context.Context, c *manage.Client) error {
		r, err := c.Read(ctx, "router.address", "Murgent")
		if err == nil && fmt.Sprint(r["priority"]) != "7" {
			t.Errorf("the address has priority %v", r["priority"])
		}
		return err
	})
}

// delivered is how many deliveries the links to other routers of a priority have sent.
func delivered(t *testing.T, n *routertest.Node, priority int) (total int) {
	t.Helper()
	n.Must(func(ctx context.Context, c *manage.Client) error {
		rows, err := c.Query(ctx, "router.link")
		for _, r := range rows {
			if r["linkType"] == "inter-router" && r["linkDir"] == "out" && fmt.Sprint(r["priority"]) == fmt.Sprint(priority) {
				var d int
				_, _ = fmt.Sscan(fmt.Sprint(r["deliveryCount"]), &d)
				total += d
			}
		}
		return err
	})
	return total
}
