package controller

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/access"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/grants"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/workload"
)

// Options are what whoever deploys a controller can say. Flags win over the environment.
type Options struct {
	Namespace      string // the controller runs in; empty: found out
	Kubeconfig     string // empty: the one of the pod
	WatchNamespace string // empty: all
	Name           string // empty: that of the Deployment
	Host           string // of the pod
	Explicit       bool   // only namespaces that name this controller
	Plain          bool   // no security contexts
	Metrics        string // address; empty: none
	Health         string // address; empty: none
	Elect          bool   // run beside others of the same name, one at a time
	Images         workload.Images
	QPS            float32 // of requests to the API server, a second
	Burst          int
	Grants         grants.Config
	Access         access.Config
}

// ErrVersion says that the version was asked for, and nothing else.
var ErrVersion = errors.New("version")

// reader defines flags whose default comes from the environment, and collects what is wrong there.
type reader struct {
	flags  *flag.FlagSet
	env    func(string) string
	faults error
}

func (r *reader) text(into *string, name, env, def, usage string) {
	if v := r.env(env); env != "" && v != "" {
		def = v
	}
	r.flags.StringVar(into, name, def, usage+source(env))
}

func (r *reader) boolean(into *bool, name, env string, def bool, usage string) {
	if v := r.env(env); v != "" {
		b, err := strconv.ParseBool(v)
		if err != nil {
			r.faults = multierr.Append(r.faults, fmt.Errorf("%s is %q, want true or false", env, v))
		} else {
			def = b
		}
	}
	r.flags.BoolVar(into, name, def, usage+source(env))
}

// number reads one of the environment too, unless it is the address of a service: a Service called like the variable's
// beginning puts tcp://HOST:PORT into pods that do not switch that off.
func (r *reader) number(into *int, name, env string, def int, usage string) {
	if v := r.env(env); v != "" && !strings.HasPrefix(v, "tcp://") {
		n, err := strconv.Atoi(v)
		if err != nil {
			r.faults = multierr.Append(r.faults, fmt.Errorf("%s is %q, want a number", env, v))
		} else {
			def = n
		}
	}
	if name != "" {
		r.flags.IntVar(into, name, def, usage+source(env))
		return
	}
	*into = def
}

func source(env string) string {
	if env == "" {
		return ""
	}
	return " ($" + env + ")"
}

// Parse reads flags and environment. words is where usage goes if it is asked for, which is flag.ErrHelp.
func Parse(args []string, env func(string) string, words io.Writer) (Options, error) {
	var o Options
	r := &reader{flags: flag.NewFlagSet("skupper-controller", flag.ContinueOnError), env: env}
	r.flags.SetOutput(words)
	r.text(&o.Namespace, "namespace", "NAMESPACE", "", "the `NAMESPACE` the controller runs in")
	r.text(&o.Kubeconfig, "kubeconfig", "KUBECONFIG", "", "`FILE` that says how to reach the cluster from outside")
	r.text(&o.WatchNamespace, "watch-namespace", "WATCH_NAMESPACE", "", "the only `NAMESPACE` to look after; empty: all")
	r.text(&o.Name, "name", "CONTROLLER_NAME", "", "`NAME` of the controller, by which namespaces choose it")
	r.boolean(&o.Explicit, "require-explicit-control", "REQUIRE_EXPLICIT_CONTROL", false, "look after namespaces only whose ConfigMap skupper names this controller")
	r.boolean(&o.Plain, "disable-security-context", "DISABLE_SECURITY_CONTEXT", false, "make router pods without security contexts")
	noMetrics := false
	r.boolean(&noMetrics, "disable-metrics", "SKUPPER_METRICS_DISABLE", false, "serve no metrics")
	r.text(&o.Metrics, "metrics-address", "SKUPPER_METRICS_ADDRESS", ":9000", "`ADDRESS` of the metrics")
	r.text(&o.Health, "health-address", "SKUPPER_HEALTH_ADDRESS", ":8081", "`ADDRESS` of /healthz and /readyz; empty: none")
	r.boolean(&o.Elect, "leader-elect", "SKUPPER_LEADER_ELECT", true, "let one of several replicas act at a time")
	r.grants(&o)
	r.access(&o)
	version := r.flags.Bool("version", false, "print the version")
	qps := 0
	r.number(&qps, "", "SKUPPER_KUBE_CLIENT_QPS", 100, "")
	r.number(&o.Burst, "", "SKUPPER_KUBE_CLIENT_BURST", 200, "")
	if err := r.flags.Parse(args); err != nil {
		return o, err
	}
	if *version {
		return o, ErrVersion
	}
	o.QPS, o.Host = float32(qps), env("HOSTNAME")
	o.Images = images(env)
	if noMetrics {
		o.Metrics = ""
	}
	if o.WatchNamespace != "" {
		o.Explicit = true
	}
	if rest := r.flags.Args(); len(rest) > 0 {
		r.faults = multierr.Append(r.faults, fmt.Errorf("unexpected %q: there are only flags", rest[0]))
	}
	return o, multierr.Combine(r.faults, o.Access.Check(), o.Grants.Check())
}

func (r *reader) grants(o *Options) {
	g := &o.Grants
	r.boolean(&g.Enabled, "enable-grants", "SKUPPER_ENABLE_GRANTS", false, "serve AccessGrants")
	r.boolean(&g.Autoconfigure, "grant-server-autoconfigure", "SKUPPER_GRANT_SERVER_AUTOCONFIGURE", false, "make the grant server reachable and find out where it is")
	r.text(&g.BaseURL, "grant-server-base-url", "SKUPPER_GRANT_SERVER_BASE_URL", "", "`HOST:PORT` by which the grant server is reached")
	r.number(&g.Port, "grant-server-port", "SKUPPER_GRANT_SERVER_PORT", grants.DefaultPort, "`PORT` of the grant server")
	r.text(&g.Credentials, "grant-server-tls-credentials", "SKUPPER_GRANT_SERVER_TLS_CREDENTIALS", names.GrantServer, "`NAME` of the Secret with the grant server's certificate")
	r.text(&g.PodName, "grant-server-podname", "HOSTNAME", "", "`NAME` of the pod of the grant server")
	r.boolean(&g.ByKey, "allow-redeem-by-key", "SKUPPER_ALLOW_REDEEM_BY_KEY", false, "let tokens name a grant as NAMESPACE/NAME too, instead of by its identity; they need its code all the same")
}

func (r *reader) access(o *Options) {
	a := &o.Access
	r.flags.Func("enabled-access-types", "`TYPES` of access that may be used, separated by commas"+source("SKUPPER_ENABLED_ACCESS_TYPES"), func(s string) error {
		a.Enabled = words(s)
		return nil
	})
	if a.Enabled = words(r.env("SKUPPER_ENABLED_ACCESS_TYPES")); len(a.Enabled) == 0 {
		a.Enabled = access.DefaultTypes()
	}
	r.text(&a.Default, "default-access-type", "SKUPPER_DEFAULT_ACCESS_TYPE", "", "`TYPE` of access where none is named")
	r.text(&a.ClusterHost, "cluster-host", "SKUPPER_CLUSTER_HOST", "", "`HOST` by which nodes are reached, for nodeport")
	r.text(&a.IngressDomain, "ingress-domain", "SKUPPER_INGRESS_DOMAIN", "", "`DOMAIN` of ingress hosts")
	r.text(&a.IngressClass, "ingress-class-name", "SKUPPER_INGRESS_CLASS_NAME", "", "`CLASS` of ingresses")
	r.text(&a.HTTPProxyDomain, "http-proxy-domain", "SKUPPER_HTTP_PROXY_DOMAIN", "", "`DOMAIN` of contour's HTTP proxies")
	r.text(&a.GatewayDomain, "gateway-domain", "SKUPPER_GATEWAY_DOMAIN", "", "`DOMAIN` of gateway hosts")
	r.text(&a.GatewayClass, "gateway-class", "SKUPPER_GATEWAY_CLASS", "", "`CLASS` of the gateway")
	r.number(&a.GatewayPort, "gateway-port", "SKUPPER_GATEWAY_PORT", access.DefaultGatewayPort, "`PORT` of the gateway")
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// Defaults of what routers are made of, as they are known elsewhere.
const (
	defaultRegistry = "quay.io/skupper"
	defaultRouter   = "skupper-router:main"
	defaultAdaptor  = "kube-adaptor:v2-dev"
	defaultPull     = "Always"
)

func images(env func(string) string) workload.Images {
	value := func(name, def string) string {
		if v := env(name); v != "" {
			return v
		}
		return def
	}
	registry := strings.TrimSuffix(value("SKUPPER_IMAGE_REGISTRY", defaultRegistry), "/")
	return workload.Images{
		Router:  workload.Image{Name: value("SKUPPER_ROUTER_IMAGE", registry+"/"+defaultRouter), Pull: value("SKUPPER_ROUTER_IMAGE_PULL_POLICY", defaultPull)},
		Adaptor: workload.Image{Name: value("SKUPPER_KUBE_ADAPTOR_IMAGE", registry+"/"+defaultAdaptor), Pull: value("SKUPPER_KUBE_ADAPTOR_IMAGE_PULL_POLICY", defaultPull)},
	}
}
