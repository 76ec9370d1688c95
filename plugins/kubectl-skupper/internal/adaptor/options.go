package adaptor

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/rs/zerolog"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// Options of Run.
type Options struct {
	Init         bool // write what the router starts with, and end
	Namespace    string
	RouterConfig string // name of the ConfigMap
	ConfigDir    string // of skrouterd.json and the TLS profiles
	ProxyDir     string // of the passwords of proxies
	Deployment   string // of the router; the first router's owns what is published
	SiteID       string // where the Deployment does not tell
	SiteName     string
	Identity     string // of this adaptor among those of the site
	Version      string
	Router       string // URL of the router's management
	Health       string // address to serve /healthz at; empty: nowhere
	Metrics      string // address to serve /metrics at; empty: nowhere
	Cluster      *rest.Config
	Log          zerolog.Logger

	patience time.Duration // how long init waits; 0: initWait
}

// FromArgs reads the flags and the environment that a router's pod is made with. Words is where usage is explained, if it is
// asked for or wrong.
func FromArgs(args []string, getenv func(string) string, words io.Writer) (o Options, err error) {
	env := func(name, otherwise string) string {
		if v := getenv(name); v != "" {
			return v
		}
		return otherwise
	}
	flags := flag.NewFlagSet("kube-adaptor", flag.ContinueOnError)
	flags.SetOutput(words)
	flags.BoolVar(&o.Init, "init", false, "write what the router starts with, and end")
	flags.StringVar(&o.Namespace, "namespace", env("SKUPPER_NAMESPACE", getenv("NAMESPACE")), "of the site; $SKUPPER_NAMESPACE")
	flags.StringVar(&o.RouterConfig, "router-config", env("SKUPPER_ROUTER_CONFIG", names.Router), "name of the router's ConfigMap; $SKUPPER_ROUTER_CONFIG")
	flags.StringVar(&o.ConfigDir, "config-dir", env("SKUPPER_CONFIG_DIR", names.CertDir), "where the router's configuration and certificates are; $SKUPPER_CONFIG_DIR")
	flags.StringVar(&o.ProxyDir, "proxy-dir", env("SKUPPER_PROXY_DIR", names.ProxyDir), "where the passwords of proxies are; $SKUPPER_PROXY_DIR")
	flags.StringVar(&o.Router, "router-url", "amqp://localhost:5672", "the router's management")
	flags.StringVar(&o.Health, "health-address", ":9191", "where /healthz is served")
	metrics := env("SKUPPER_METRICS_ADDRESS", ":9000")
	if v := getenv("SKUPPER_METRICS_DISABLE"); v == "true" || v == "1" {
		metrics = ""
	}
	flags.StringVar(&o.Metrics, "metrics-address", metrics, "where /metrics is served; empty: nowhere; $SKUPPER_METRICS_ADDRESS")
	kubeconfig := flags.String("kubeconfig", getenv("KUBECONFIG"), "how to reach the cluster from outside; $KUBECONFIG")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	o.Deployment = env("SKUPPER_ROUTER_DEPLOYMENT", o.RouterConfig)
	o.SiteID, o.SiteName, o.Identity = getenv("SKUPPER_SITE_ID"), getenv("SKUPPER_SITE_NAME"), getenv("HOSTNAME")
	if o.Cluster, o.Namespace, err = cluster(*kubeconfig, o.Namespace); err != nil {
		return o, err
	}
	return o, nil
}

// cluster is how to reach the API server, with the namespace to work in.
func cluster(kubeconfig, namespace string) (*rest.Config, string, error) {
	load := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(&clientcmd.ClientConfigLoadingRules{ExplicitPath: kubeconfig}, nil)
	if namespace == "" {
		var err error
		if namespace, _, err = load.Namespace(); err != nil {
			return nil, "", fmt.Errorf("find the namespace: %w; next: set SKUPPER_NAMESPACE", err)
		}
	}
	conf, err := load.ClientConfig()
	if err != nil {
		return nil, "", fmt.Errorf("find the cluster: %w; next: run in a pod, or set KUBECONFIG", err)
	}
	return conf, namespace, nil
}

func (o Options) check() error {
	var faults []error
	for what, value := range map[string]string{"namespace": o.Namespace, "router configuration": o.RouterConfig, "configuration directory": o.ConfigDir} {
		if value == "" {
			faults = append(faults, errors.New("no "+what+" is given"))
		}
	}
	if o.Cluster == nil {
		faults = append(faults, errors.New("no cluster is given"))
	}
	return errors.Join(faults...)
}
