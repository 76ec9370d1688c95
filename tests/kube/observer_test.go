//go:build kube

package kube

import (
	"context"
	"fmt"
	"regexp"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/network"
	"github.com/skupper-plugins/suite/router/routertest"
)

// klogLine is how the libraries of Kubernetes log where nobody has told them how.
var klogLine = regexp.MustCompile(`(?m)^[IWEF][0-9]{4} .*$`)

// TestG69SiteRecord has an observer at another router see the site with all that it says of itself, and the site's network status say
// why a link that goes nowhere is down.
func TestG69SiteRecord(t *testing.T) {
	t.Parallel()
	s := newKubeSite(t, "west")
	p := newRouterPod(s, "skupper-router", "west-router-1")
	ports := routertest.New(t)
	inter, nobody := ports.Port(), ports.Port()
	s.credentials("skupper-local-server", 0, "skupper-local-server")
	p.configure(p.base(`["listener",{"name":"skupper-router-inter-router","role":"inter-router","host":"127.0.0.1","port":`+inter+`}]`,
		`["connector",{"name":"nowhere","role":"inter-router","host":"127.0.0.1","port":"`+nobody+`"}]`))
	p.boot()

	east := ports.Add("east", routertest.Engine{})
	east.Config.Connectors = []config.Connector{{Name: "link-west", Role: config.RoleInterRouter, Host: "127.0.0.1", Port: inter}}
	at := ports.Port()
	east.Config.Listeners = append(east.Config.Listeners, config.Listener{Name: "observer", Role: "normal", Host: "127.0.0.1", Port: at})
	east.Start()
	var mu sync.Mutex
	var seen network.Status
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		network.Collect(ctx, network.Options{Log: zerolog.Nop(), Publish: func(s network.Status) { mu.Lock(); seen = s; mu.Unlock() },
			Router: func(context.Context) (manage.Options, error) {
				return manage.Options{URL: "amqp://127.0.0.1:" + at}, nil
			}})
	}()
	t.Cleanup(func() { stop(); <-done })
	routertest.Eventually(t, patience, func(context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		for _, site := range seen.Sites {
			if i := site.Info; i.ID == s.uid && i.Name == "west" && i.Namespace == s.namespace && i.Platform == "kubernetes" && i.Version != "" {
				return nil
			}
		}
		return fmt.Errorf("no record of site %s among %+v", s.uid, seen.Sites)
	})
	s.awaitStatus(func(st network.Status) error {
		for _, l := range st.LinksOf(s.uid) {
			if l.Name == "nowhere" && !l.Operational && l.Message != "" {
				return nil
			}
		}
		return fmt.Errorf("it is not said why the link is down: %+v", st.Sites)
	})
	if lines := klogLine.FindAllString(p.log.String(), 3); len(lines) > 0 {
		t.Errorf("lines that are not of our form: %q", lines)
	}
}
