package agent

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/keys"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant/grantserver"
	"github.com/skupper-plugins/suite/shared/site"
)

const (
	firstGrantPort = 9490 // off the beaten track: 8080 and 9090 are what people give their listeners
	lastGrantPort  = 9999
	portPatience   = 3 * time.Second // for the port that the server had before
	grantCA        = "skupper-grant-server-ca"
	grantCert      = "skupper-grant-server"
)

// server is the grant server while it listens. The goroutine of grants.run owns it.
type server struct {
	*grantserver.Server
	port int
	ca   string
	stop context.CancelFunc
	idle time.Time // since when no grant needs it; zero while one does
}

// linger is how long the server answers after the last grant has ended, so that who comes late is told why, and not left to
// knock at a closed door.
const linger = time.Hour

// run owns the server until ctx ends. The server listens while some namespace has grants that have not expired, and
// for a while after, on the port it had before. It gives the port up to a listener that wants it, unless somebody may still redeem a token there.
func (g *grants) run(ctx context.Context) {
	defer close(g.ended)
	var current *server
	var running sync.WaitGroup
	defer running.Wait()
	needs := map[*namespace]need{}
	again := time.NewTicker(linger / 4)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
			if _, err := g.settle(ctx, &current, &running, needs); err != nil {
				g.agent.opts.Log.Error().Err(err).Msg("grant-server.failed")
			}
		case n := <-g.needs:
			if n.live || len(n.ports) > 0 {
				needs[n.ns] = n
			} else {
				delete(needs, n.ns)
			}
			moved, err := g.settle(ctx, &current, &running, needs)
			if err != nil {
				g.agent.opts.Log.Error().Err(err).Msg("grant-server.failed")
			}
			if current != nil {
				n.reply <- serving{port: current.port, ca: current.ca, err: err}
			} else {
				n.reply <- serving{err: err}
			}
			if moved {
				for other := range needs {
					if other != n.ns {
						other.poke()
					}
				}
			}
		}
	}
}

// settle starts, stops or moves the server as is needed now.
func (g *grants) settle(ctx context.Context, s **server, running *sync.WaitGroup, needs map[*namespace]need) (moved bool, err error) {
	var hosts []string
	avoid := map[int]bool{}
	live, open := false, false
	for _, n := range needs {
		for _, p := range n.ports {
			avoid[p] = true
		}
		live, open = live || n.live, open || n.open
		if n.live {
			hosts = append(hosts, n.hosts...)
		}
	}
	slices.Sort(hosts)
	hosts = slices.Compact(hosts)
	if *s != nil && !live && (*s).idle.IsZero() {
		(*s).idle = time.Now()
	} else if *s != nil && live {
		(*s).idle = time.Time{}
	}
	over := *s != nil && !live && time.Since((*s).idle) >= linger
	if *s != nil && (over || avoid[(*s).port] && !open) {
		(*s).stop()
		running.Wait() // so that its port is free
		*s = nil
		g.serves.Store(0)
		g.agent.opts.Log.Info().Msg("grant-server.stopped")
	}
	if !live {
		return false, nil
	}
	ca, err := g.certify(s, hosts)
	if err != nil || *s != nil && (*s).port != 0 {
		return false, err
	}
	ln, port, err := g.listen(ctx, avoid)
	if err != nil {
		*s = nil
		return false, err
	}
	serve, stop := context.WithCancel(ctx)
	(*s).port, (*s).ca, (*s).stop = port, ca, stop
	g.serves.Store(int32(port)) //nolint:gosec // a port
	this := *s
	running.Go(func() {
		if err := this.Serve(serve, ln); err != nil {
			g.agent.opts.Log.Error().Err(err).Msg("grant-server.ended")
		}
	})
	g.agent.opts.Log.Info().Int("port", port).Msg("grant-server.started")
	return true, nil
}

// certify makes sure of a server with a certificate for all hosts.
func (g *grants) certify(s **server, hosts []string) (ca string, err error) {
	paths := g.agent.opts.Paths
	ring := keys.Ring{Issuers: paths.AgentIssuers(), Certs: paths.AgentCerts(), Now: g.agent.opts.Now()}
	pairs, replaced, _, err := ring.Ensure([]site.CertificateWant{
		{Name: grantCA, Subject: grantCA, Signing: true},
		{Name: grantCert, CA: grantCA, Subject: grantCert, Hosts: hosts, Server: true},
	})
	if err != nil {
		return "", err
	}
	if *s == nil {
		*s = &server{Server: grantserver.New(book{g}, issuer{g.agent, new(grantserver.Signer)}, grantserver.Options{Log: g.agent.opts.Log})}
		replaced = []string{grantCert}
	}
	if len(replaced) > 0 {
		if err := (*s).SetCertificate(pairs[grantCert]); err != nil {
			*s = nil
			return "", err
		}
	}
	return string(pairs[grantCA].Cert), nil
}

// listen opens the port that was used before, or the next one that is free and nobody wants.
func (g *grants) listen(ctx context.Context, avoid map[int]bool) (net.Listener, int, error) {
	file := g.agent.opts.Paths.AgentGrantPort()
	before := 0
	if b, err := os.ReadFile(file); err == nil {
		before, _ = strconv.Atoi(strings.TrimSpace(string(b))) // what is no number is none
	}
	for _, port := range append([]int{before}, ports(firstGrantPort, lastGrantPort)...) {
		if port < 1 || port > 65535 || avoid[port] {
			continue
		}
		ln, err := net.Listen("tcp", ":"+strconv.Itoa(port)) //nolint:noctx // it does not wait
		// Tokens that were issued name this port: an agent that was killed a moment ago may still have it.
		for end := time.Now().Add(portPatience); err != nil && port == before && time.Now().Before(end) && ctx.Err() == nil; {
			time.Sleep(portPatience / 50)
			ln, err = net.Listen("tcp", ":"+strconv.Itoa(port)) //nolint:noctx // it does not wait
		}
		if err != nil {
			if port == before {
				g.agent.opts.Log.Warn().Err(supervise.PortFree("", port)).Msg("grant-server.moves")
			}
			continue
		}
		if port != before {
			if err := atomicfile.Write(file, 0o644, []byte(strconv.Itoa(port)+"\n")); err != nil {
				_ = ln.Close()
				return nil, 0, err
			}
		}
		return ln, port, nil
	}
	return nil, 0, fault.New(fault.Conflict, fmt.Sprintf("none of the ports %d-%d is free for the grant server", firstGrantPort, lastGrantPort), "")
}

func ports(first, last int) []int {
	out := make([]int, 0, last-first+1)
	for p := first; p <= last; p++ {
		out = append(out, p)
	}
	return out
}

// portsOfOthers are the ports that belong to other namespaces, and to the grant server, whether or not anything listens
// there now.
func (a *Agent) portsOfOthers(name string) []int {
	var out []int
	names, _ := a.opts.Paths.List() // what cannot be read has to be done without
	for _, other := range names {
		if other == name {
			continue
		}
		if st, err := readState(a.opts.Paths.Namespace(other).State()); err == nil {
			out = append(out, slices.Collect(maps.Values(st.Ports))...)
		}
	}
	return append(out, int(a.grants.serves.Load()))
}
