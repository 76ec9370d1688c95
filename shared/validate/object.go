package validate

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Object checks the name and spec of a resource and tells everything that is wrong; nil if nothing is. The rules are
// those that hold on every host; what only a certain host cannot do, its plan says.
func Object(o v2alpha1.Object) error {
	var c checks
	c.add("metadata.name", Name(o.GetName()))
	switch o := o.(type) {
	case *v2alpha1.Site:
		c.site(o)
	case *v2alpha1.Listener:
		c.listener(o)
	case *v2alpha1.MultiKeyListener:
		c.multiKeyListener(o)
	case *v2alpha1.Connector:
		c.connector(o)
	case *v2alpha1.AttachedConnector:
		c.add("spec.siteNamespace", Label(o.Spec.SiteNamespace))
		c.add("spec.selector", Selector(o.Spec.Selector))
		c.add("spec.port", Port(o.Spec.Port))
		c.optional("spec.tlsCredentials", o.Spec.TLSCredentials, Name)
		c.transport(o.Spec.Type)
	case *v2alpha1.AttachedConnectorBinding:
		c.add("spec.connectorNamespace", Label(o.Spec.ConnectorNamespace))
		c.add("spec.routingKey", RoutingKey(o.Spec.RoutingKey))
	case *v2alpha1.Link:
		c.link(o)
	case *v2alpha1.AccessGrant:
		c.grant(o)
	case *v2alpha1.AccessToken:
		c.token(o)
	case *v2alpha1.RouterAccess:
		c.routerAccess(o)
	case *v2alpha1.SecuredAccess:
		c.securedAccess(o)
	case *v2alpha1.Certificate:
		c.certificate(o)
	}
	return c.err
}

// checks collects faults.
type checks struct{ err error }

func (c *checks) add(field string, err error) {
	if err != nil {
		c.err = multierr.Append(c.err, fmt.Errorf("%s %w", field, err))
	}
}

func (c *checks) optional(field, value string, rule func(string) error) {
	if value != "" {
		c.add(field, rule(value))
	}
}

func (c *checks) transport(s string) {
	c.add("spec.type", OneOf(s, "", v2alpha1.TypeTCP))
}

func (c *checks) observer(s string) {
	c.add("spec.observer", OneOf(s, "", "auto", "none", "http1", "http2"))
}

func (c *checks) site(o *v2alpha1.Site) {
	if o.Spec.Edge && o.Spec.HA {
		c.err = multierr.Append(c.err, errors.New("Edge sites cannot have HA enabled")) //nolint:staticcheck // matched on by others
	}
	c.optional("spec.defaultIssuer", o.Spec.DefaultIssuer, Name)
	c.optional("spec.serviceAccount", o.Spec.ServiceAccount, Name)
	c.optional("spec.linkAccess", o.Spec.LinkAccess, Label)
	c.optional("spec.settings["+v2alpha1.SettingRouterLogging+"]", o.Spec.Settings[v2alpha1.SettingRouterLogging], LogLevels)
	c.optional("spec.settings["+v2alpha1.SettingDataConnectionCount+"]", o.Spec.Settings[v2alpha1.SettingDataConnectionCount], ConnectionCount)
}

// ConnectionCount checks the site setting router-data-connection-count.
func ConnectionCount(s string) error {
	if n, err := strconv.Atoi(s); s != "auto" && (err != nil || n < 0 || n > 128) {
		return fmt.Errorf("is %q, want auto or 0 to 128", s)
	}
	return nil
}

func (c *checks) listener(o *v2alpha1.Listener) {
	c.add("spec.routingKey", RoutingKey(o.Spec.RoutingKey))
	c.add("spec.host", Host(o.Spec.Host))
	c.add("spec.port", Port(o.Spec.Port))
	c.optional("spec.tlsCredentials", o.Spec.TLSCredentials, Name)
	c.transport(o.Spec.Type)
	c.observer(o.Spec.Observer)
}

func (c *checks) multiKeyListener(o *v2alpha1.MultiKeyListener) {
	c.add("spec.host", Host(o.Spec.Host))
	c.add("spec.port", Port(o.Spec.Port))
	c.optional("spec.tlsCredentials", o.Spec.TLSCredentials, Name)
	c.observer(o.Spec.Observer)
	prio, weighted := o.Spec.Strategy.Priority, o.Spec.Strategy.Weighted
	switch {
	case (prio == nil) == (weighted == nil):
		c.add("spec.strategy", errors.New("has none or both of priority and weighted, want one"))
	case prio != nil:
		c.count("spec.strategy.priority.routingKeys", len(prio.RoutingKeys))
		seen := map[string]bool{}
		for i, k := range prio.RoutingKeys {
			field := fmt.Sprintf("spec.strategy.priority.routingKeys[%d]", i)
			c.add(field, RoutingKey(k))
			if seen[k] {
				c.add(field, fmt.Errorf("is %q again", k))
			}
			seen[k] = true
		}
	default:
		c.count("spec.strategy.weighted.routingKeys", len(weighted.RoutingKeys))
		for _, k := range sorted(weighted.RoutingKeys) {
			field := "spec.strategy.weighted.routingKeys." + k
			c.add(field, RoutingKey(k))
			c.add(field, Weight(weighted.RoutingKeys[k]))
		}
	}
}

func (c *checks) count(field string, n int) {
	if n < 1 || n > MaxKeys {
		c.add(field, fmt.Errorf("has %d keys, want 1 to %d", n, MaxKeys))
	}
}

func (c *checks) connector(o *v2alpha1.Connector) {
	c.add("spec.routingKey", RoutingKey(o.Spec.RoutingKey))
	c.add("spec.port", Port(o.Spec.Port))
	switch {
	case o.Spec.Host == "" && o.Spec.Selector == "":
		c.err = multierr.Append(c.err, errors.New("Connector must define a non-empty spec.host or spec.selector")) //nolint:staticcheck // matched on by others
	case o.Spec.Host != "" && o.Spec.Selector != "":
		c.add("spec", errors.New("has both host and selector, want one"))
	}
	c.optional("spec.host", o.Spec.Host, Host)
	c.optional("spec.selector", o.Spec.Selector, Selector)
	c.optional("spec.tlsCredentials", o.Spec.TLSCredentials, Name)
	c.transport(o.Spec.Type)
}

func (c *checks) link(o *v2alpha1.Link) {
	if len(o.Spec.Endpoints) == 0 {
		c.add("spec.endpoints", errors.New("is empty, want one or more"))
	}
	for i, e := range o.Spec.Endpoints {
		if e.Name != v2alpha1.RoleInterRouter && e.Name != v2alpha1.RoleEdge {
			continue // of no use to a router, whatever it says
		}
		c.add(fmt.Sprintf("spec.endpoints[%d].host", i), Host(e.Host))
		c.add(fmt.Sprintf("spec.endpoints[%d].port", i), PortText(e.Port))
	}
	c.optional("spec.tlsCredentials", o.Spec.TLSCredentials, Name)
	if o.Spec.Cost > MaxCost { // less than 1 counts as 1
		c.add("spec.cost", Cost(o.Spec.Cost))
	}
}

func (c *checks) grant(o *v2alpha1.AccessGrant) {
	if o.Spec.RedemptionsAllowed < 0 {
		c.add("spec.redemptionsAllowed", fmt.Errorf("is %d, want 1 or more", o.Spec.RedemptionsAllowed))
	}
	c.optional("spec.expirationWindow", o.Spec.ExpirationWindow, func(s string) error { return DurationText(s, time.Second) })
	c.optional("spec.issuer", o.Spec.Issuer, Name)
}

func (c *checks) token(o *v2alpha1.AccessToken) {
	u, err := url.Parse(o.Spec.URL)
	switch {
	case o.Spec.URL == "":
		c.add("spec.url", errors.New("is empty"))
	case err != nil:
		c.add("spec.url", fmt.Errorf("is not a URL: %w", err))
	case u.Scheme != "https" || u.Host == "":
		c.add("spec.url", fmt.Errorf("is %q, want https://…", o.Spec.URL))
	}
	if o.Spec.Code == "" {
		c.add("spec.code", errors.New("is empty"))
	}
	if o.Spec.CA == "" {
		c.add("spec.ca", errors.New("is empty"))
	}
	if o.Spec.LinkCost < 0 || o.Spec.LinkCost > MaxCost {
		c.add("spec.linkCost", Cost(o.Spec.LinkCost))
	}
}

func (c *checks) routerAccess(o *v2alpha1.RouterAccess) {
	if len(o.Spec.Roles) == 0 {
		c.add("spec.roles", errors.New("is empty, want inter-router, edge or both"))
	}
	seen, ports := map[string]bool{}, map[int]bool{}
	for i, r := range o.Spec.Roles {
		field := fmt.Sprintf("spec.roles[%d]", i)
		c.add(field+".name", OneOf(r.Name, v2alpha1.RoleInterRouter, v2alpha1.RoleEdge))
		if seen[r.Name] {
			c.add(field+".name", fmt.Errorf("is %q again", r.Name))
		}
		if r.Port != 0 {
			c.add(field+".port", Port(r.Port))
			if ports[r.Port] {
				c.add(field+".port", fmt.Errorf("is %d again", r.Port))
			}
		}
		seen[r.Name], ports[r.Port] = true, true
	}
	c.optional("spec.tlsCredentials", o.Spec.TLSCredentials, Name)
	c.optional("spec.issuer", o.Spec.Issuer, Name)
	c.optional("spec.bindHost", o.Spec.BindHost, Host)
	for i, h := range o.Spec.SubjectAlternativeNames {
		c.add(fmt.Sprintf("spec.subjectAlternativeNames[%d]", i), Host(h))
	}
}

func (c *checks) securedAccess(o *v2alpha1.SecuredAccess) {
	if len(o.Spec.Selector) == 0 {
		c.add("spec.selector", errors.New("is empty"))
	}
	if len(o.Spec.Ports) == 0 {
		c.add("spec.ports", errors.New("is empty"))
	}
	for i, p := range o.Spec.Ports {
		c.add(fmt.Sprintf("spec.ports[%d].name", i), Label(p.Name))
		c.add(fmt.Sprintf("spec.ports[%d].port", i), Port(p.Port))
		if p.TargetPort != 0 {
			c.add(fmt.Sprintf("spec.ports[%d].targetPort", i), Port(p.TargetPort))
		}
	}
	c.optional("spec.certificate", o.Spec.Certificate, Name)
	c.optional("spec.issuer", o.Spec.Issuer, Name)
}

func (c *checks) certificate(o *v2alpha1.Certificate) {
	c.optional("spec.ca", o.Spec.CA, Name)
	if o.Spec.CA == "" && !o.Spec.Signing {
		c.add("spec.ca", errors.New("is empty, which only one that signs others may leave"))
	}
	if o.Spec.Subject == "" {
		c.add("spec.subject", errors.New("is empty"))
	}
	if strings.ContainsFunc(o.Spec.Subject, unicode.IsControl) || !utf8.ValidString(o.Spec.Subject) {
		c.add("spec.subject", fmt.Errorf("is %q, want no control characters", o.Spec.Subject))
	}
	if len(o.Spec.Hosts) > MaxHosts {
		c.add("spec.hosts", fmt.Errorf("has %d hosts, want %d or fewer", len(o.Spec.Hosts), MaxHosts))
	}
	for i, h := range o.Spec.Hosts {
		c.add(fmt.Sprintf("spec.hosts[%d]", i), Host(strings.TrimPrefix(h, "*.")))
	}
}
