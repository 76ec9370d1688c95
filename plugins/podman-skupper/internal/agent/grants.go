package agent

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/site"
)

// grants makes AccessGrants redeemable. Its goroutine owns the server; see run.
type grants struct {
	agent  *Agent
	needs  chan need
	ended  chan struct{}
	serves atomic.Int32 // port that the server listens on; 0: it does not

	mu    sync.Mutex
	byUID map[string]where // the grants there are
}

// where is the resource of a grant.
type where struct {
	ns   *namespace
	name string
}

// need is what a namespace needs of the server.
type need struct {
	ns    *namespace
	live  bool     // it has grants that have not expired, or not long ago
	open  bool     // some of them can still be redeemed by somebody new
	hosts []string // by which others reach this machine, best first
	ports []int    // that listeners of the namespace want, and the server must not have
	reply chan serving
}

// serving is how the server can be reached.
type serving struct {
	port int
	ca   string // PEM
	err  error
}

func newGrants(a *Agent) *grants {
	return &grants{agent: a, needs: make(chan need), ended: make(chan struct{}), byUID: map[string]where{}}
}

// has tells whether the server listens on a port.
func (g *grants) has(port int) bool { return port != 0 && int(g.serves.Load()) == port }

// url is where a grant is redeemed; empty if the server does not listen.
func (g *grants) url(host string) string {
	port := int(g.serves.Load())
	if port == 0 {
		return ""
	}
	return address(host, port)
}

func address(host string, port int) string {
	return (&url.URL{Scheme: "https", Host: net.JoinHostPort(host, strconv.Itoa(port))}).String()
}

// see makes the grants of a namespace redeemable. It gives their statuses, and when they are to be seen again.
func (g *grants) see(ctx context.Context, n *namespace, d site.Desired, res site.Resources, now time.Time) (out []v2alpha1.Object, due time.Time) {
	nd := need{ns: n, hosts: hostsOf(d, res), reply: make(chan serving, 1)}
	for _, l := range res.Listeners {
		nd.ports = append(nd.ports, l.Spec.Port)
	}
	for _, l := range res.MultiKeyListeners {
		nd.ports = append(nd.ports, l.Spec.Port)
	}
	var live []*v2alpha1.AccessGrant
	index := map[string]where{}
	for _, o := range res.Others {
		obj, ok := o.(*v2alpha1.AccessGrant)
		if !ok {
			continue
		}
		loaded := obj
		obj = obj.DeepCopy()
		out = append(out, obj)
		end, err := process(obj, d.Site, now)
		// A pass may plan again with what it has loaded, and tokens with this code may be out by then.
		loaded.Status.Code, loaded.Status.ExpirationTime = obj.Status.Code, obj.Status.ExpirationTime
		v2alpha1.SetCondition(now, obj, v2alpha1.ConditionProcessed, err)
		index[string(obj.UID)] = where{n, obj.Name}
		if err != nil {
			continue
		}
		if gone := end.Add(linger); !end.After(now) {
			if gone.After(now) {
				nd.live, due = true, earliest(due, gone)
			}
			continue
		}
		live, nd.live, due = append(live, obj), true, earliest(due, end)
		nd.open = nd.open || obj.Status.Redemptions < max(obj.Spec.RedemptionsAllowed, 1)
	}
	g.index(n, index)
	s := g.ask(ctx, nd)
	for _, obj := range live {
		if s.err != nil {
			v2alpha1.SetCondition(now, obj, v2alpha1.ConditionResolved, v2alpha1.Waiting("the grant server does not work: "+s.err.Error()))
			due = earliest(due, now.Add(5*time.Second))
			continue
		}
		obj.Status.URL, obj.Status.CA = address(nd.hosts[0], s.port)+"/"+string(obj.UID), s.ca
		v2alpha1.SetCondition(now, obj, v2alpha1.ConditionResolved, nil)
	}
	return out, due
}

// process fills in what a grant needs before it can be redeemed, and gives its end.
func process(obj *v2alpha1.AccessGrant, s *v2alpha1.Site, now time.Time) (end time.Time, err error) {
	switch {
	case s.Spec.Edge:
		return end, grant.Edge
	case !s.AcceptsLinks() && len(s.Status.Endpoints) == 0: // a RouterAccess of the user's gives it some, too
		return end, fmt.Errorf("site %s accepts no links", s.Name)
	}
	return grant.Prepare(obj, now)
}

// hostsOf are the hosts by which others reach this machine, best first; there is one at least.
func hostsOf(d site.Desired, res site.Resources) []string {
	var out []string
	seen := map[string]bool{}
	add := func(h string) {
		if ip := net.ParseIP(h); h != "" && !seen[h] && (ip == nil || !ip.IsUnspecified()) {
			seen[h] = true
			out = append(out, h)
		}
	}
	for _, e := range d.Site.Status.Endpoints {
		add(e.Host)
	}
	for _, h := range res.Addresses {
		add(h)
	}
	add(res.Hostname)
	add("127.0.0.1")
	add("localhost")
	return out
}

// index replaces the grants known of a namespace.
func (g *grants) index(n *namespace, now map[string]where) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for uid, w := range g.byUID {
		if w.ns.name == n.name {
			delete(g.byUID, uid)
		}
	}
	for uid, w := range now {
		g.byUID[uid] = w
	}
}

// forget ends what was done for a namespace whose site is gone.
func (g *grants) forget(ctx context.Context, n *namespace) {
	g.index(n, nil)
	g.ask(ctx, need{ns: n, reply: make(chan serving, 1)})
}

// ask tells the server's owner what a namespace needs.
func (g *grants) ask(ctx context.Context, n need) serving {
	select {
	case g.needs <- n:
		return <-n.reply
	case <-g.ended:
		return serving{err: context.Canceled}
	case <-ctx.Done():
		return serving{err: ctx.Err()}
	}
}
