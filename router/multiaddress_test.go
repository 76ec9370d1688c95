package router_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestMultiAddress sends connections to the best address of a listener that can be reached, or to all of them by weight, and counts them by address; a change
// of the addresses takes nothing from what has been counted.
func TestMultiAddress(t *testing.T) {
	for _, strategy := range []string{"priority", "weighted"} {
		t.Run(strategy, func(t *testing.T) {
			m := routertest.New(t)
			a, b := m.Add("A", routertest.Engine{}), m.Add("B", routertest.Engine{})
			m.Link("A", "B")
			m.Start()
			port := m.Port()
			addr := net.JoinHostPort("127.0.0.1", port)
			create := func(kind, name string, attrs map[string]any) {
				t.Helper()
				a.Must(func(ctx context.Context, c *manage.Client) error { return c.Create(ctx, kind, name, attrs) })
			}
			opened := func() (low, high, all int64) {
				t.Helper()
				a.Must(func(ctx context.Context, c *manage.Client) error {
					rows, err := c.Query(ctx, "listenerAddress", "name", "connectionsOpened")
					for _, r := range rows {
						n, _ := r["connectionsOpened"].(int64)
						switch r["name"] {
						case "low":
							low = n
						case "high":
							high = n
						}
					}
					if err == nil {
						rows, err = c.Query(ctx, "tcpListener", "connectionsOpened")
						all, _ = rows[0]["connectionsOpened"].(int64)
					}
					return err
				})
				return low, high, all
			}
			use := func(n int) {
				t.Helper()
				for range n {
					if err := routertest.Bulk(t.Context(), addr, 1000, 1000); err != nil {
						t.Fatal(err)
					}
				}
			}
			create("tcpListener", "in", map[string]any{"host": "127.0.0.1", "port": port, "multiAddressStrategy": strategy})
			create("listenerAddress", "low", map[string]any{"listener": "in", "address": "low", "value": 3})
			create("listenerAddress", "high", map[string]any{"listener": "in", "address": "high", "value": 5})
			service := routertest.BulkServer(t).Port
			b.Connect("low", "low", service)
			a.AwaitListener("in", true)
			use(3) // the better one cannot be reached
			if low, high, all := opened(); low != 3 || high != 0 || all != 3 {
				t.Errorf("%d and %d of %d connections before the better address could be reached", low, high, all)
			}
			b.Connect("high", "high", service)
			routertest.Eventually(t, 20*time.Second, func(ctx context.Context) error {
				if err := routertest.Bulk(ctx, addr, 1, 1); err != nil {
					return err
				}
				if _, high, _ := opened(); high == 0 {
					return errors.New("no connection has gone to the better address")
				}
				return nil
			})
			lowBefore, highBefore, _ := opened()
			create("listenerAddress", "none", map[string]any{"listener": "in", "address": "none", "value": 9})
			a.AwaitListener("in", true)
			if low, high, all := opened(); low != lowBefore || high != highBefore || all != low+high {
				t.Errorf("%d, %d of %d after a third address came, %d and %d before", low, high, all, lowBefore, highBefore)
			}
			use(60)
			low, high, all := opened()
			if strategy == "priority" && (low != lowBefore || high != highBefore+60) || low+high != all {
				t.Errorf("%d and %d of %d connections, %d and %d before 60 more", low, high, all, lowBefore, highBefore)
			}
			if strategy == "weighted" && (low == lowBefore || high == highBefore) {
				t.Error("one of two addresses got nothing of 60 connections")
			}
		})
	}
}

// TestAddressesChange has clients come one after the other while addresses of their listener come, change and go. Nobody is refused or cut off.
func TestAddressesChange(t *testing.T) {
	m := routertest.New(t)
	a := m.Add("A", routertest.Engine{})
	m.Start()
	port := m.Port()
	addr := net.JoinHostPort("127.0.0.1", port)
	does := func(f func(ctx context.Context, c *manage.Client) error) {
		t.Helper()
		a.Must(f)
	}
	address := func(name string, value int) {
		t.Helper()
		does(func(ctx context.Context, c *manage.Client) error {
			return c.Create(ctx, "listenerAddress", name, map[string]any{"listener": "in", "address": name, "value": value})
		})
	}
	does(func(ctx context.Context, c *manage.Client) error {
		return c.Create(ctx, "tcpListener", "in", map[string]any{"host": "127.0.0.1", "port": port, "multiAddressStrategy": "priority"})
	})
	address("stays", 5)
	service := routertest.BulkServer(t).Port
	a.Connect("to stays", "stays", service)
	a.Connect("to better", "better", service)
	a.AwaitListener("in", true)

	over, came := make(chan struct{}), 0
	var clients sync.WaitGroup
	clients.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
			}
			if err := routertest.Bulk(t.Context(), addr, 1000, 1000); err != nil {
				t.Errorf("client %d: %v", came, err)
				return
			}
			came++
		}
	})
	for range 20 {
		address("better", 9)
		address("none", 10)
		a.Delete("listenerAddress", "better")
		a.Delete("listenerAddress", "none")
	}
	address("better", 9)
	routertest.Eventually(t, 20*time.Second, func(ctx context.Context) error {
		var n any
		err := a.Manage(ctx, func(c *manage.Client) error {
			row, err := c.Read(ctx, "listenerAddress", "better")
			n = row["connectionsOpened"]
			return err
		})
		if n == int64(0) {
			return errors.Join(err, errors.New("no connection goes to the better address"))
		}
		return err
	})
	close(over)
	clients.Wait()
	t.Logf("%d clients came", came)
	a.Delete("listenerAddress", "better")
	a.Delete("listenerAddress", "stays")
	a.AwaitListener("in", false)
}
