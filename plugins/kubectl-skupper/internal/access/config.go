package access

import (
	"fmt"
	"slices"
	"strings"

	"go.uber.org/multierr"
)

// The access types.
const (
	Local        = "local"
	LoadBalancer = "loadbalancer"
	NodePort     = "nodeport"
	Route        = "route"
	Ingress      = "ingress"
	IngressNginx = "ingress-nginx"
	HTTPProxy    = "contour-http-proxy"
	Gateway      = "gateway"
)

// DefaultGatewayPort is the port of the Gateway if none is given.
const DefaultGatewayPort = 8443

// DefaultTypes are the access types that are enabled if nothing is said.
func DefaultTypes() []string { return []string{Local, LoadBalancer, Route} }

// Config is what whoever runs the controller says about access. The zero value enables DefaultTypes.
type Config struct {
	Enabled []string // access types that may be used
	Default string   // for those that name none; empty: route where there are Routes, else loadbalancer, else the first enabled

	ClusterHost     string // by which the nodes are reached, for nodeport
	IngressDomain   string // below which hosts of ingresses are; empty: taken from the ingress's own address
	IngressClass    string
	HTTPProxyDomain string
	GatewayDomain   string // empty: taken from the Gateway's own address
	GatewayClass    string
	GatewayPort     int // 0: DefaultGatewayPort
}

// Types are the access types that may be used.
func (c Config) Types() []string {
	if len(c.Enabled) == 0 {
		return DefaultTypes()
	}
	return c.Enabled
}

// Check says all that is wrong with the configuration, before anything is started.
func (c Config) Check() error {
	var faults []error
	enabled := c.Types()
	for _, t := range enabled {
		if !slices.Contains(all(), t) {
			faults = append(faults, fmt.Errorf("access type %q is enabled, want some of %s", t, strings.Join(all(), ", ")))
		}
	}
	if c.Default != "" && !slices.Contains(enabled, c.Default) {
		faults = append(faults, fmt.Errorf("the default access type is %q, which is not among those enabled: %s", c.Default, strings.Join(enabled, ", ")))
	}
	if slices.Contains(enabled, NodePort) && c.ClusterHost == "" {
		faults = append(faults, fmt.Errorf("access type %s is enabled, which needs the host by which the nodes are reached (SKUPPER_CLUSTER_HOST)", NodePort))
	}
	if slices.Contains(enabled, Gateway) && c.GatewayClass == "" {
		faults = append(faults, fmt.Errorf("access type %s is enabled, which needs the class of the gateway (SKUPPER_GATEWAY_CLASS)", Gateway))
	}
	if slices.Contains(enabled, HTTPProxy) && c.HTTPProxyDomain == "" {
		faults = append(faults, fmt.Errorf("access type %s is enabled, which needs the domain of the hosts (SKUPPER_HTTP_PROXY_DOMAIN)", HTTPProxy))
	}
	if c.GatewayPort < 0 || c.GatewayPort > 65535 {
		faults = append(faults, fmt.Errorf("the port of the gateway is %d, want 1 to 65535", c.GatewayPort))
	}
	return multierr.Combine(faults...)
}

// DefaultType is the access type of what names none. Routes says whether the cluster has Routes.
func (c Config) DefaultType(routes bool) string {
	enabled := c.Types()
	switch {
	case c.Default != "":
		return c.Default
	case routes && slices.Contains(enabled, Route):
		return Route
	case slices.Contains(enabled, LoadBalancer):
		return LoadBalancer
	}
	return enabled[0]
}

func (c Config) gatewayPort() int {
	if c.GatewayPort == 0 {
		return DefaultGatewayPort
	}
	return c.GatewayPort
}

func all() []string {
	return []string{Local, LoadBalancer, NodePort, Route, Ingress, IngressNginx, HTTPProxy, Gateway}
}
