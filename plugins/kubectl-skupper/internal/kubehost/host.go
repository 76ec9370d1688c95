// Package kubehost makes the shared verbs a tool in kubectl's manner: its words, its flags, its output, and sites in a
// cluster as what they work on.
package kubehost

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/kubestore"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
	"github.com/skupper-plugins/suite/shared/validate"
)

// Host is kubectl as a host of the shared verbs.
type Host struct {
	version string
	image   string // of the controller, unless flags name one; may be empty
	getenv  func(string) string
	now     func() time.Time
	warn    io.Writer // what the cluster warns of, and kubectl shows
}

var (
	_ host.Host      = Host{}
	_ host.Commander = Host{}
	_ host.Follower  = Host{}
)

// New makes the host of a program of that version, which installs controllers of that image; empty: flags must name one.
func New(version, image string) Host {
	return Host{version: version, image: image, getenv: os.Getenv, now: time.Now, warn: os.Stderr}
}

// Command implements host.Host.
func (Host) Command() string { return "kubectl skupper" }

// Version implements host.Host.
func (h Host) Version() string { return h.version }

// accessTypes are the ways in which a controller can make a site reachable; which of them it has enabled it says itself.
var accessTypes = []string{"default", "route", "loadbalancer", "nodeport", "ingress", "ingress-nginx", "contour-http-proxy", "gateway", "local"}

// Capabilities implements host.Host.
func (Host) Capabilities() host.Capabilities {
	return host.Capabilities{Pods: true, HA: true, AccessTypes: accessTypes, Settled: op.WaitConfigured}
}

// CheckFlags implements host.Host.
func (h Host) CheckFlags(c *cli.Context) (err error) {
	if ns := c.String("namespace"); ns != "" {
		if bad := validate.Label(ns); bad != nil {
			err = multierr.Append(err, fmt.Errorf("namespace %w", bad))
		}
	}
	if t := c.String("request-timeout"); t != "" {
		if _, bad := clientcmd.ParseTimeout(t); bad != nil {
			err = multierr.Append(err, fmt.Errorf("request-timeout is %q, want a duration such as 30 (seconds), 30s or 2m", t))
		}
	}
	if p := c.String("platform"); p != "" && p != platform {
		err = multierr.Append(err, fmt.Errorf("platform is %q, want %s: podman-skupper is for local sites", p, platform))
	}
	return multierr.Combine(err, checkScope(c), checkOutput(c))
}

const platform = "kubernetes"

// Namespace implements host.Host.
func (Host) Namespace(c *cli.Context) string { return c.String("namespace") }

// Open implements host.Host. It asks nothing of the cluster yet.
func (h Host) Open(_ context.Context, c *cli.Context) (*host.Site, error) {
	flags, err := connection(c)
	if err != nil {
		return nil, err
	}
	config, namespace, err := h.config(flags)
	if err != nil {
		return nil, err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, badConfig(flags, err)
	}
	store := kubestore.New(client, kubestore.Options{Namespace: namespace, Everywhere: c.Bool("all-namespaces")})
	inside := kubestore.Inside{Client: client, Config: config, Namespace: namespace}
	return &host.Site{
		Ports:     op.Ports{Store: store, Workloads: kubestore.Workloads{Client: client, Namespace: namespace}, Diagnostics: inside, Components: inside, Insight: inside},
		Namespace: namespace, Platform: platform,
	}, nil
}

// Bounds of the conversation with the API server.
const (
	dialTimeout = 10 * time.Second // to reach it; an answer may take as long as --request-timeout says
	keepAlive   = 30 * time.Second
	requestRate = 50  // requests a second
	requestPeak = 300 // requests at once; the server has limits of its own
)

// config is where the cluster is, who the user is there, and the namespace.
func (h Host) config(flags *genericclioptions.ConfigFlags) (*rest.Config, string, error) {
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, "", badConfig(flags, err)
	}
	if h.nowhere(flags, config) {
		return nil, "", noCluster()
	}
	namespace, _, err := flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, "", badConfig(flags, err)
	}
	config.UserAgent = fmt.Sprintf("%s/%s", kubestore.Manager, strings.ReplaceAll(h.version, " ", "-"))
	config.QPS, config.Burst = requestRate, requestPeak
	config.Dial = (&net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}).DialContext
	config.WarningHandler = rest.NewWarningWriter(h.warn, rest.WarningWriterOptions{Deduplicate: true})
	return config, namespace, nil
}
