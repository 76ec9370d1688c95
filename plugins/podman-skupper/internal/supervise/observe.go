package supervise

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/shared/site"
)

// Observe implements site.Runtime. Ports and network are not its to know.
func (l *Local) Observe(ctx context.Context) (site.Observed, error) {
	l.one.Lock()
	defer l.one.Unlock()
	now := l.opts.Now()
	state := l.opts.Engine.State(ctx)
	if !state.Running {
		l.disconnect()
		return site.Observed{Now: now, NotReady: state.Detail}, ctx.Err()
	}
	obs, err := l.ask(ctx, state)
	if err != nil {
		l.disconnect()
		if ctx.Err() != nil {
			return site.Observed{}, ctx.Err()
		}
		if why := l.whySilent(ctx); why != "" {
			return site.Observed{Now: now, NotReady: why}, nil
		}
		return site.Observed{Now: now, NotReady: "the router does not answer: " + notReady(err)}, nil
	}
	obs.Now, obs.Since, obs.Running = now, state.Since, true
	return obs, nil
}

// WhySilent is what the engine knows of why the router does not answer, though it runs; empty: nothing.
func (l *Local) WhySilent(ctx context.Context) string {
	l.one.Lock()
	defer l.one.Unlock()
	return l.whySilent(ctx)
}

func (l *Local) whySilent(ctx context.Context) string {
	if e, ok := l.opts.Engine.(Explainer); ok {
		return e.WhySilent(ctx)
	}
	return ""
}

// ask asks the router all that Observed has.
func (l *Local) ask(ctx context.Context, state State) (obs site.Observed, err error) {
	client, err := l.connect(ctx, state)
	if err != nil {
		return obs, err
	}
	self, mode, err := askSelf(ctx, client)
	if err != nil {
		return obs, err
	}
	obs.RouterID, obs.Edge = self.RouterID, mode == config.ModeEdge
	if obs.Links, err = askLinks(ctx, client, l.opts.Now()); err != nil {
		return obs, err
	}
	if obs.Addresses, err = askAddresses(ctx, client); err != nil {
		return obs, err
	}
	obs.Nodes, err = askNodes(ctx, client, self)
	return obs, err
}

// askSelf is the router itself, and its mode.
func askSelf(ctx context.Context, c *manage.Client) (n site.Node, mode string, err error) {
	rows, err := c.Query(ctx, "router", "id", "metadata", "mode")
	if err != nil {
		return n, "", err
	}
	if len(rows) != 1 {
		return n, "", fmt.Errorf("%d routers answer, want one", len(rows))
	}
	n = site.Node{RouterID: text(rows[0], "id"), Self: true}
	var meta struct {
		ID string `json:"id"`
	}
	if json.Unmarshal([]byte(text(rows[0], "metadata")), &meta) == nil { // it may be anything
		n.SiteID = meta.ID
	}
	return n, text(rows[0], "mode"), nil
}

// askLinks is how the connectors are, with the router at the other end of each. The router does not say which of its
// connections belongs to which connector but by where that leads.
func askLinks(ctx context.Context, c *manage.Client, now time.Time) (map[string]site.LinkState, error) {
	connectors, err := c.Query(ctx, "connector", "name", "role", "host", "port", "connectionStatus", "connectionMsg")
	if err != nil {
		return nil, err
	}
	connections, err := c.Query(ctx, "connection", "host", "role", "dir", "container", "opened", "active", "uptimeSeconds")
	if err != nil {
		return nil, err
	}
	out := make(map[string]site.LinkState, len(connectors))
	for _, row := range connectors {
		l := site.LinkState{Host: text(row, "host"), Port: text(row, "port")}
		status, msg := text(row, "connectionStatus"), text(row, "connectionMsg")
		l.Up = status == "SUCCESS"
		if !l.Up {
			l.LastError = msg
		}
		target := net.JoinHostPort(l.Host, l.Port)
		for _, conn := range connections {
			if text(conn, "dir") != "out" || text(conn, "role") != text(row, "role") {
				continue
			}
			if host := text(conn, "host"); host != target && host != l.Host+":"+l.Port {
				continue
			}
			l.RemoteRouter = text(conn, "container")
			if up, ok := conn["uptimeSeconds"].(int64); ok {
				l.Since = now.Add(-time.Duration(up) * time.Second).Truncate(time.Second)
			}
			break
		}
		out[text(row, "name")] = l
	}
	return out, nil
}

// mobileClass begins the key of an address that services use.
const mobileClass = "M"

// askAddresses counts who uses each routing key.
func askAddresses(ctx context.Context, c *manage.Client) (map[string]site.AddressState, error) {
	rows, err := c.Query(ctx, "router.address", "key", "subscriberCount", "inProcess", "remoteCount")
	if err != nil {
		return nil, err
	}
	out := map[string]site.AddressState{}
	for _, row := range rows {
		key, ok := strings.CutPrefix(text(row, "key"), mobileClass)
		if !ok {
			continue
		}
		local, _ := row["subscriberCount"].(int64)
		own, _ := row["inProcess"].(int64) // a router may count its own tcpConnectors here
		local += own
		remote, _ := row["remoteCount"].(int64)
		out[key] = site.AddressState{LocalConsumers: int(local), RemoteConsumers: int(remote)}
	}
	listeners, err := c.Query(ctx, "tcpListener", "name", "address")
	if err != nil {
		return nil, err
	}
	for _, row := range listeners {
		if key := text(row, "address"); key != "" {
			a := out[key]
			a.LocalListeners++
			out[key] = a
		}
	}
	return out, nil
}

// askNodes is the routers of the network, as an interior router knows them.
func askNodes(ctx context.Context, c *manage.Client, self site.Node) ([]site.Node, error) {
	rows, err := c.Query(ctx, "router.node", "id")
	if err != nil {
		return nil, err
	}
	var out []site.Node
	for _, row := range rows {
		if id := text(row, "id"); id == self.RouterID {
			out = append(out, self)
		} else {
			out = append(out, site.Node{RouterID: id})
		}
	}
	return out, nil
}

// text is an attribute that is text, or empty.
func text(row map[string]any, name string) string {
	s, _ := row[name].(string)
	return s
}
