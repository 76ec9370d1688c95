package router_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestFrameTraces: frames are in the log while the module for them has a low level, and of one connection while that is asked for.
func TestFrameTraces(t *testing.T) {
	m := routertest.New(t)
	a := m.Add("A", routertest.Engine{})
	a.Start()
	ask := func() {
		t.Helper()
		a.Must(func(ctx context.Context, c *manage.Client) error { _, err := c.Nodes(ctx); return err })
	}
	change := func(kind, name string, attrs map[string]any) {
		t.Helper()
		a.Must(func(ctx context.Context, c *manage.Client) error { return c.Update(ctx, kind, name, attrs) })
	}
	frames := func() int { return strings.Count(a.Log(), `"module":"PROTOCOL"`) }
	traced := func() {
		t.Helper()
		ask()
		routertest.Eventually(t, 20*time.Second, func(context.Context) error {
			if log := a.Log(); !strings.Contains(log, `"dir":"<-","frame":"@transfer(20) [handle=`) || !strings.Contains(log, `"dir":"->","frame":"@transfer(20) [handle=`) {
				return errors.New("there are no transfers both ways in the log")
			}
			return nil
		})
	}
	quiet := func() {
		t.Helper()
		ask() // what belongs to the change has come by then
		before := frames()
		for range 3 {
			ask()
		}
		if n := frames(); n != before {
			t.Errorf("%d frames are in the log, then %d", before, n)
		}
	}
	quiet()
	change("log", "log/PROTOCOL", map[string]any{"enable": "debug+"})
	traced()
	change("log", "log/PROTOCOL", map[string]any{"enable": "default"})
	quiet()

	name := ""
	a.Must(func(ctx context.Context, c *manage.Client) error {
		rows, err := c.Query(ctx, "connection")
		for _, row := range rows {
			name, _ = row["name"].(string)
			if row["enableProtocolTrace"] != false {
				t.Errorf("the connection is traced: %v", row["enableProtocolTrace"])
			}
		}
		return err
	})
	before := frames()
	change("connection", name, map[string]any{"enableProtocolTrace": true})
	ask()
	routertest.Eventually(t, 20*time.Second, func(context.Context) error {
		if frames() <= before {
			return errors.New("there are no frames of the connection in the log")
		}
		return nil
	})
	change("connection", name, map[string]any{"enableProtocolTrace": false})
	quiet()
}
