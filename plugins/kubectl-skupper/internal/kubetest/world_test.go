//go:build kube

package kubetest

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/rs/zerolog"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/access"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/certificates"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/claims"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/grants"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/kubelog"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/namespace"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/workload"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/tests/kube"
)

// setup is what a controller under test is told; it travels to other processes as JSON.
type setup struct {
	URL, CA string
	Prefix  string // of the namespaces in scope
	Own     string
	Access  access.Config
	Grants  grants.Config
	Sites   bool // the reconciler of sites as well
	Elect   bool // the leader is elected; else each is one
	Debug   bool
}

// words is what controllers of this process have logged, by prefix of their namespaces.
var words sync.Map

// said is where a controller logs to.
func (s setup) said() *log {
	l, _ := words.LoadOrStore(s.Prefix, &log{})
	return l.(*log)
}

// log keeps lines.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// has are the lines with a text in them.
func (l *log) has(text string) (lines []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		if strings.Contains(line, text) {
			lines = append(lines, line)
		}
	}
	return lines
}

// childEnv tells this program that it is to be a controller.
const childEnv = "SKUPPER_KUBETEST_CONTROLLER"

var (
	server *kube.Server
	admin  client.Client
	base   setup // of the controller that most tests share
)

func TestMain(m *testing.M) {
	flag.Parse()
	ctrllog.SetLogger(logr.Discard())
	if text := os.Getenv(childEnv); text != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // until the test has ended, however
			os.Exit(2)
		}()
		var s setup
		err := json.Unmarshal([]byte(text), &s)
		if err == nil {
			err = run(ctx, s)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(kube.Run("skupper-kubetest-", func(ctx context.Context, assets, dir string) (int, error) { return runAll(ctx, m, assets, dir) }))
}

// runAll starts a cluster and a controller and runs the tests.
func runAll(ctx context.Context, m *testing.M, assets, dir string) (code int, err error) {
	if server, err = kube.Start(ctx, assets, dir); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	if err := server.Client(kube.Admin).InstallCRDs(ctx); err != nil {
		return 1, err
	}
	if err := installForeignKinds(ctx); err != nil {
		return 1, err
	}
	base = setup{URL: server.URL, CA: string(server.CA), Prefix: "t-", Own: "skupper", Debug: testing.Verbose(),
		Access: access.Config{Enabled: []string{access.Local, access.LoadBalancer, access.NodePort, access.Route, access.Ingress, access.IngressNginx, access.HTTPProxy, access.Gateway},
			Default: access.LoadBalancer, ClusterHost: "nodes.example", IngressDomain: "", HTTPProxyDomain: "proxies.example", GatewayClass: "a-class"},
		Grants: grants.Config{Enabled: true, Port: freePort(), Credentials: "skupper-grant-server"},
	}
	base.Grants.BaseURL = net.JoinHostPort("127.0.0.1", strconv.Itoa(base.Grants.Port))
	if admin, err = client.New(base.config(), client.Options{Scheme: scheme()}); err != nil {
		return 1, err
	}
	if err := makeNamespace(ctx, base.Own); err != nil {
		return 1, err
	}
	if err := makeServerCredentials(ctx, base.Own, "127.0.0.1"); err != nil {
		return 1, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- run(running, base) }()
	defer func() { stop(); err = errors.Join(err, <-ended) }()
	if err := kube.Parallel(8); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

func scheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v2alpha1.AddToScheme} {
		if err := add(s); err != nil {
			panic(err)
		}
	}
	return s
}

func (s setup) config() *rest.Config {
	return &rest.Config{Host: s.URL, BearerToken: kube.Admin + "-token", QPS: -1,
		TLSClientConfig: rest.TLSClientConfig{CAData: []byte(s.CA)}}
}

// prefixed is the scope of a controller under test, so that several can share a server.
type prefixed string

func (p prefixed) Controls(_ context.Context, namespace string) (bool, error) {
	return strings.HasPrefix(namespace, string(p)), nil
}

// run is a controller with nothing but what is tested here.
func run(ctx context.Context, s setup) error {
	yes := true
	grace := 5 * time.Second
	said := s.said()
	log := zerolog.New(said).With().Str("prefix", s.Prefix).Logger()
	if s.Debug {
		log = zerolog.New(zerolog.MultiLevelWriter(said, zerolog.ConsoleWriter{Out: os.Stderr, NoColor: true})).With().Str("prefix", s.Prefix).Logger()
	}
	lease, renew, retry := 10*time.Second, 8*time.Second, time.Second
	mgr, err := ctrl.NewManager(s.config(), ctrl.Options{Scheme: scheme(), Logger: kubelog.Logr(log),
		LeaderElection: s.Elect, LeaderElectionID: "controller", LeaderElectionNamespace: s.Own, LeaseDuration: &lease, RenewDeadline: &renew, RetryPeriod: &retry,
		Metrics:                 metricsserver.Options{BindAddress: "0"},
		GracefulShutdownTimeout: &grace,
		Controller:              config.Controller{SkipNameValidation: &yes}})
	if err != nil {
		return err
	}
	scope := prefixed(s.Prefix)
	for _, add := range []func() error{
		func() error { return certificates.Add(mgr, certificates.Options{Scope: scope, Log: log, Own: s.Own}) },
		func() error {
			return access.Add(mgr, access.Options{Scope: scope, Log: log, Own: s.Own, Config: s.Access})
		},
		func() error {
			return grants.Add(mgr, grants.Options{Scope: scope, Log: log, Own: s.Own, Config: s.Grants})
		},
		func() error { return claims.Add(mgr, claims.Options{Scope: scope, Log: log}) },
	} {
		if err := add(); err != nil {
			return err
		}
	}
	if s.Sites {
		err := namespace.Add(ctx, mgr, namespace.Options{Scope: scope, Log: log, Namespace: s.Own, Version: "test", MultiKey: true, AccessTypes: s.Access.Enabled,
			Controller: v2alpha1.Controller{Name: "test", Namespace: s.Own}, Images: workload.Images{Router: workload.Image{Name: "router"}, Adaptor: workload.Image{Name: "adaptor"}}})
		if err != nil {
			return err
		}
	}
	return mgr.Start(ctx)
}

// start runs another controller within this process until the test ends, or stop is called.
func start(t *testing.T, s setup) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, s) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("controller: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// separate is the setup of a controller for one test, which has no namespaces but those of the test.
func separate(sites bool) setup {
	s := base
	s.Prefix, s.Sites, s.Grants.Port = fmt.Sprintf("a%d-", made.Add(1)), sites, freePort()
	s.Grants.BaseURL = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Grants.Port))
	return s
}

var (
	portsMu sync.Mutex
	ports   = map[int]bool{}
)

// freePort is a port that nobody listens on now, and that was not given before.
func freePort() int {
	portsMu.Lock()
	defer portsMu.Unlock()
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		_ = l.Close()
		if !ports[port] {
			ports[port] = true
			return port
		}
	}
}
