//go:build kube

package kube

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/network"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestG23AnnotationIsWaitedFor: the init container waits for the Secret to be annotated, says so, and boots when it is.
func TestG23AnnotationIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newKubeSite(t, "west")
	p := newRouterPod(s, "skupper-router", "west-router-1")
	cmd := p.start("kube-adaptor", "-init")
	await := func(text string) {
		t.Helper()
		routertest.Eventually(t, patience, func(context.Context) error {
			if !strings.Contains(p.log.String(), text) {
				return fmt.Errorf("nobody says %q", text)
			}
			return nil
		})
	}
	await("there is no configmap skupper-router")
	p.configure(p.base())
	await("TLS profile skupper-local-server: there is no secret for it")
	s.credentials("skupper-local-server", 0)
	await("the controller has not annotated it")
	s.credentials("skupper-local-server", 0, "skupper-local-server", "skupper-local-server-profile")
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"skupper-local-server/ca.crt": 0o644, "skupper-local-server/tls.crt": 0o644, "skupper-local-server/tls.key": 0o600, "skrouterd.json": 0o644} {
		info, err := os.Stat(filepath.Join(p.dir, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// TestG25Sync: the adaptor boots the router, follows the configuration, and tells of its health.
func TestG25Sync(t *testing.T) {
	t.Parallel()
	s := newKubeSite(t, "west")
	p := newRouterPod(s, "skupper-router", "west-router-1")
	p.configure(p.base())
	s.credentials("skupper-local-server", 0, "skupper-local-server")
	p.boot()
	ports := routertest.New(t)
	one, two := ports.Port(), ports.Port()
	p.configure(p.base(bridge("a", one)))
	p.awaitListeners("listener/a")
	p.configure(p.base(bridge("a", one), bridge("b", two)))
	p.awaitListeners("listener/a", "listener/b")

	p.configure("this is no configuration")
	p.awaitListeners("listener/a", "listener/b")
	p.awaitHealth(200)

	p.kill(&p.router)
	p.awaitHealth(500)
	p.configure(p.base(bridge("b", two)))
	p.startRouter()
	p.awaitHealth(200)
	p.awaitListeners("listener/b")

	p.kill(&p.adaptor) // its successor finds all in place, changes nothing that is right, and follows on
	p.startAdaptor()
	p.awaitHealth(200)
	p.configure(p.base())
	p.awaitListeners()
	p.stop(&p.adaptor)
	p.stop(&p.router)
}

// TestG25APIServerAway: the router works on meanwhile, and follows as soon as there is somebody to follow.
func TestG25APIServerAway(t *testing.T) {
	t.Parallel()
	s := newKubeSite(t, "west")
	p := newRouterPod(s, "skupper-router", "west-router-1")
	between := newProxy(t, strings.TrimPrefix(server.URL, "https://"))
	text, err := os.ReadFile(p.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	p.kubeconfig = p.file("config-by-proxy")
	if err := os.WriteFile(p.kubeconfig, []byte(strings.ReplaceAll(string(text), server.URL, "https://"+between.address)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.configure(p.base())
	s.credentials("skupper-local-server", 0, "skupper-local-server")
	p.boot()
	s.awaitStatus(sitesAre("west", "", 0, 0))
	between.down.Store(true)
	between.cut()
	p.configure(p.base(bridge("a", routertest.New(t).Port())))
	time.Sleep(13 * time.Second) // longer than a lease is held without being renewed
	p.awaitHealth(200)
	p.awaitListeners()
	between.down.Store(false)
	p.awaitListeners("listener/a")
	s.awaitStatus(sitesAre("west", "a", 1, 0))
	if n := strings.Count(p.log.String(), "leader.begins"); n != 1 {
		t.Errorf("the duty began %d times", n)
	}
}

// TestG26Rotate: another certificate is in use without a restart.
func TestG26Rotate(t *testing.T) {
	t.Parallel()
	s := newKubeSite(t, "west")
	p := newRouterPod(s, "skupper-router", "west-router-1")
	port := routertest.New(t).Port()
	set := func(ordinal int) {
		p.configure(p.base(p.profile("skupper-site-server", ordinal), `["listener",{"name":"skupper-router-inter-router","role":"inter-router","host":"127.0.0.1","port":`+port+
			`,"sslProfile":"skupper-site-server","saslMechanisms":"EXTERNAL","authenticatePeer":true}]`))
	}
	s.credentials("skupper-local-server", 0, "skupper-local-server")
	s.credentials("skupper-site-server", 0, "skupper-site-server", "skupper-site-server-profile")
	set(0)
	p.boot()
	for ordinal := 1; ordinal <= 3; ordinal++ {
		want := parsed(s.credentials("skupper-site-server", ordinal, "skupper-site-server", "skupper-site-server-profile"))
		set(ordinal)
		routertest.Eventually(t, patience, func(ctx context.Context) error {
			d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // which one is shown is the question
			conn, err := d.DialContext(ctx, "tcp", "127.0.0.1:"+port)
			if err != nil {
				return err
			}
			defer conn.Close() // only looked at
			if !conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Equal(want) {
				return errors.New("another certificate is shown")
			}
			live, err := p.live(ctx)
			if err != nil {
				return err
			}
			for _, profile := range live.SSLProfiles {
				if profile.Name == "skupper-site-server" && profile.Ordinal != ordinal {
					return fmt.Errorf("the ordinal is %d, want %d", profile.Ordinal, ordinal)
				}
			}
			return nil
		})
	}
	if n := strings.Count(p.log.String(), "router started"); n != 1 {
		t.Errorf("the router was started %d times", n)
	}
}

// TestG66NetworkStatus has two sites in it, and counts what uses a routing key. TestG67 is part of it: the own site goes by the
// UID of its Site.
func TestG66NetworkStatus(t *testing.T) {
	t.Parallel()
	s := newKubeSite(t, "west")
	p := newRouterPod(s, "skupper-router", "west-router-1")
	ports := routertest.New(t)
	inter := ports.Port()
	s.credentials("skupper-local-server", 0, "skupper-local-server")
	p.configure(p.base(`["listener",{"name":"skupper-router-inter-router","role":"inter-router","host":"127.0.0.1","port":`+inter+`}]`,
		`["tcpConnector",{"name":"connector/backend@127.0.0.1","host":"127.0.0.1","port":"8080","address":"backend","processId":"p"}]`))
	p.boot()
	s.awaitStatus(sitesAre("west", "backend", 0, 1))

	east := ports.Add("east", routertest.Engine{})
	east.Config.Router.Metadata = `{"id":"east-id","version":"2.0"}`
	east.Config.Sites = []config.Site{{Name: "east", Platform: "linux", Namespace: "ns", Version: "2.0"}}
	east.Config.Connectors = []config.Connector{{Name: "link-west", Role: config.RoleInterRouter, Host: "127.0.0.1", Port: inter}}
	east.Config.TCPListeners = []config.TCPListener{{Name: "listener/backend", Host: "127.0.0.1", Port: ports.Port(), Address: "backend"}}
	east.Start()
	s.awaitStatus(sitesAre("west east", "backend", 1, 1))
	st, tree, err := s.status()
	if err != nil {
		t.Fatal(err)
	}
	for _, site := range st.Sites {
		if site.Info.Name == "west" && (site.Info.ID != s.uid || site.Info.Namespace != s.namespace || site.Info.Platform != "kubernetes" || site.Info.Version == "") {
			t.Errorf("the own site is %+v, want the id %s", site.Info, s.uid)
		}
	}
	owner, _ := at(tree, "metadata", "ownerReferences").([]any)
	if data, _ := at(tree, "data").(map[string]any); len(owner) != 1 || at(owner[0], "kind") != "Deployment" || at(owner[0], "name") != "skupper-router" || len(data) != 1 {
		t.Errorf("the ConfigMap is %v", tree)
	}
	if in := st.Incoming(s.uid); len(in) != 1 || in[0].Link.Name != "link-west" || in[0].Link.Status != "up" {
		t.Errorf("links to this site: %+v", in)
	}
	s.must("DELETE", s.core("configmaps", "skupper-network-status"), "")
	east.Delete("tcpListener", "listener/backend")
	s.awaitStatus(sitesAre("west east", "backend", 0, 1))
	east.Stop()
	s.awaitStatus(sitesAre("west", "backend", 0, 1))
}

// TestG66Pods: connectors show the name of the pod they lead to.
func TestG66Pods(t *testing.T) {
	t.Parallel()
	s := newKubeSite(t, "west")
	p := newRouterPod(s, "skupper-router", "west-router-1")
	s.credentials("skupper-local-server", 0, "skupper-local-server")
	s.put("pods", "backend-0", map[string]any{"kind": "Pod", "metadata": map[string]any{"labels": map[string]any{"app.kubernetes.io/name": "backend"}},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "c", "image": "backend:1"}}}})
	s.must("PATCH", s.core("pods", "backend-0", "status"), `{"status":{"phase":"Running","podIP":"10.1.2.3"}}`)
	uid := at(s.must("GET", s.core("pods", "backend-0"), ""), "metadata", "uid").(string)
	p.configure(p.base(`["tcpConnector",{"name":"connector/backend@10.1.2.3","host":"10.1.2.3","port":"8080","address":"backend","processId":"` + uid + `"}]`))
	p.boot()
	target := func(want string) func(st network.Status) error {
		return func(st network.Status) error {
			for _, site := range st.Sites {
				for _, r := range site.Routers {
					for _, c := range r.Connectors {
						if c.Target == want {
							return nil
						}
					}
				}
			}
			return fmt.Errorf("no connector leads to %q: %+v", want, st.Sites)
		}
	}
	s.awaitStatus(target("backend-0"))
	s.must("DELETE", s.core("pods", "backend-0"), `{"gracePeriodSeconds":0}`)
	s.awaitStatus(target(""))
}

// TestG68OneLeader: of two adaptors one writes, and the other takes over when it goes.
func TestG68OneLeader(t *testing.T) {
	t.Parallel()
	s := newKubeSite(t, "west")
	s.credentials("skupper-local-server", 0, "skupper-local-server")
	first, second := newRouterPod(s, "skupper-router", "west-router-1"), newRouterPod(s, "skupper-router-2", "west-router-2")
	first.configure(first.base())
	first.boot()
	s.awaitStatus(sitesAre("west", "", 0, 0))
	// Both pods would have the same file paths in a real site: here each has its own, so the profile is the same Secret's.
	second.configure(second.base(bridge("x", routertest.New(t).Port())))
	second.boot()
	if got := s.holder(); got != "west-router-1" {
		t.Errorf("the lease is held by %q", got)
	}
	time.Sleep(3 * time.Second)
	st, tree, err := s.status()
	if err != nil {
		t.Fatal(err)
	}
	if err := sitesAre("west", "x", 1, 0)(st); err == nil {
		t.Error("the second adaptor writes, though the first is the leader") // the two routers are not linked
	}
	if strings.Contains(second.log.String(), "leader.begins") {
		t.Error("the second adaptor is on duty")
	}
	first.stop(&first.adaptor)
	routertest.Eventually(t, patience, func(context.Context) error {
		if got := s.holder(); got != "west-router-2" {
			return fmt.Errorf("the lease is held by %q", got)
		}
		return nil
	})
	s.awaitStatus(sitesAre("west", "x", 1, 0))
	_, after, err := s.status()
	if err != nil {
		t.Fatal(err)
	}
	before, _ := at(tree, "metadata", "ownerReferences").([]any)
	if owner, _ := at(after, "metadata", "ownerReferences").([]any); len(owner) != 1 || len(before) != 1 || at(owner[0], "name") != "skupper-router" {
		t.Errorf("the owner is %v", owner)
	}
}
