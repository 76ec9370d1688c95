package adaptor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
	"github.com/skupper-plugins/suite/shared/pki"
)

// pod is a router's pod: a directory, a syncer with tables that the test fills as the cluster would, and a real router.
type pod struct {
	*syncer
	t       *testing.T
	amqp    string // port
	ca      pki.Pair
	log     *words
	running routertest.Running
}

// words is what was logged.
type words struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func newPod(t *testing.T) *pod {
	t.Helper()
	p := &pod{t: t, amqp: routertest.New(t).Port(), log: &words{}}
	var err error
	if p.ca, err = pki.NewP256CA("test", time.Now()); err != nil {
		t.Fatal(err)
	}
	o := Options{
		Namespace: "west", RouterConfig: names.Router, ConfigDir: t.TempDir(), ProxyDir: t.TempDir(), Router: "amqp://localhost:" + p.amqp,
		Log: zerolog.New(p.log), patience: 3 * time.Second,
	}
	p.syncer = &syncer{Options: o, wake: make(chan struct{}, 1), disk: newDisk(o.ConfigDir, o.ProxyDir), health: newHealth()}
	p.counts = &counters{health: p.health}
	p.configs, p.secrets = newTable(readConfig, p.poke), newTable(readSecret, p.poke)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of the adaptor:\n%s", p.log)
		}
	})
	return p
}

func (p *pod) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// config is the text of a configuration with what every router has, and more entities.
func (p *pod) config(more ...string) string {
	base := fmt.Sprintf(`["router",{"id":"west-${HOSTNAME}","mode":"interior","helloMaxAgeSeconds":"3","metadata":"{\"id\":\"uid\"}"}],
		["address",{"prefix":"mc","distribution":"multicast"}],["listener",{"name":"amqp","host":"localhost","port":%s}]`, p.amqp)
	return "[" + strings.Join(append([]string{base}, more...), ",") + "]"
}

// profile is a TLS profile as a controller writes it.
func (p *pod) profile(name string, ordinal int) string {
	dir := filepath.Join(p.ConfigDir, name)
	return fmt.Sprintf(`["sslProfile",{"name":%q,"certFile":"%s/tls.crt","privateKeyFile":"%s/tls.key","caCertFile":"%s/ca.crt","ordinal":%d}]`, name, dir, dir, dir, ordinal)
}

// setConfig does as the controller.
func (p *pod) setConfig(text string) {
	p.configs.replace(map[string]string{names.Router: text})
}

// setSecret does as the controller, with a new pair each time.
func (p *pod) setSecret(name string, ordinal int, profiles ...string) pki.Pair {
	p.t.Helper()
	pair, err := pki.Issue(p.ca, pki.Request{Subject: name, Hosts: []string{"127.0.0.1", "localhost"}, Server: true, Client: true}, time.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	var context []profileContext
	for _, profile := range profiles {
		context = append(context, profileContext{profile, uint64(ordinal)})
	}
	text, err := json.Marshal(context)
	if err != nil {
		p.t.Fatal(err)
	}
	p.secrets.put(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{names.TLSProfileContext: string(text)}}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{fileCA: pair.CA, fileCert: pair.Cert, fileKey: pair.Key},
	}, false)
	return pair
}

// boot starts the router from the file that init has left, as its container would.
func (p *pod) boot() {
	p.t.Helper()
	cfg, err := config.LoadExpanded(filepath.Join(p.ConfigDir, names.ConfigKey), func(string) (string, bool) { return "pod-1", true })
	if err != nil {
		p.t.Fatal(err)
	}
	if p.running, err = routertest.Self(p.t.TempDir()).Start(cfg, io.Discard); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = p.running.Kill() })
}

// begin runs the syncer until the test ends.
func (p *pod) begin() {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { p.run(ctx) })
	p.t.Cleanup(func() { cancel(); done.Wait() })
}

// ready is a pod at work with one TLS profile.
func ready(t *testing.T) *pod {
	t.Helper()
	p := newPod(t)
	p.secrets.replace(map[string]credential{})
	p.setSecret("skupper-local-server", 0, "skupper-local-server")
	p.setConfig(p.config(p.profile("skupper-local-server", 0)))
	if err := p.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.boot()
	p.begin()
	p.await(func(*config.Config) error { return p.health.get() })
	return p
}

// await waits until the router's configuration is as f wants it.
func (p *pod) await(f func(live *config.Config) error) {
	p.t.Helper()
	routertest.Eventually(p.t, 15*time.Second, func(ctx context.Context) error {
		c, err := manage.Dial(ctx, manage.Options{URL: p.Router})
		if err != nil {
			return err
		}
		defer c.Close()
		live, err := c.Config(ctx)
		if err != nil {
			return err
		}
		return f(live)
	})
}

// awaitLog waits until the adaptor has said something.
func (p *pod) awaitLog(text string) {
	p.t.Helper()
	routertest.Eventually(p.t, 15*time.Second, func(context.Context) error {
		if !strings.Contains(p.log.String(), text) {
			return fmt.Errorf("the adaptor has not said %q", text)
		}
		return nil
	})
}

// has wants entities of these names, and only these of their types (of listeners: and the one for management).
func has(types map[string][]string) func(live *config.Config) error {
	return func(live *config.Config) error {
		got := map[string]string{}
		for _, e := range live.Entities() {
			if e.Name() != "amqp" {
				got[e.Type] += e.Name() + " "
			}
		}
		for typ, want := range types {
			if text := strings.Join(want, " "); strings.TrimSpace(got[typ]) != text {
				return fmt.Errorf("the router has %s %q, want %q", typ, got[typ], text)
			}
		}
		return nil
	}
}

// freePort is one nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	return routertest.New(t).Port()
}
