package site

import (
	"fmt"
	"slices"
	"strings"

	"go.uber.org/multierr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// AnnotationControlled marks what a controller made and may remove.
const AnnotationControlled = "internal.skupper.io/controlled"

// AnnotationRouterAccess of a SecuredAccess names the RouterAccess it is for.
const AnnotationRouterAccess = "internal.skupper.io/routeraccess"

// AnnotationRedeemed is on the Secret that came for a token to a local site: nothing uses it but the links that came with it.
const AnnotationRedeemed = "internal.skupper.io/redeemed"

// AnnotationHosts of a SecuredAccess are the hosts, separated by commas, that its certificate is for beside those at which it ends up.
const AnnotationHosts = "internal.skupper.io/hosts"

// AnnotationPriorRevisions of a secret says how many replaced certificates stay valid.
const AnnotationPriorRevisions = "skupper.io/tls-prior-valid-revisions"

// access plans how other sites link to this one.
func (p *planner) access() {
	auto := p.autoAccess()
	for _, ra := range p.in.RouterAccesses {
		switch {
		case auto != nil && ra.Name == auto.Name:
			if p.controlled(ra) {
				ra.Spec = auto.Spec
			}
			auto = nil
		case p.controlled(ra) && !p.site.AcceptsLinks():
			p.out.Obsolete = append(p.out.Obsolete, ra)
			continue
		}
		p.out.RouterAccesses = append(p.out.RouterAccesses, ra)
	}
	p.in.RouterAccesses = slices.Clone(p.out.RouterAccesses) // what goes needs no status
	if auto != nil {
		p.out.RouterAccesses = append([]*v2alpha1.RouterAccess{auto}, p.out.RouterAccesses...)
	}
	p.mesh = p.meshAccess()
	all := p.out.RouterAccesses
	if p.mesh != nil {
		all = append(slices.Clone(all), p.mesh)
	}
	p.reserveListeners(all)
	for _, ra := range p.out.RouterAccesses {
		err := p.accessOne(ra)
		p.set(ra, v2alpha1.ConditionConfigured, err)
		if p.local {
			p.resolve(ra, err)
		}
	}
	if p.mesh != nil {
		_ = p.accessOne(p.mesh) // nobody's resource could tell of it: the two routers find each other when its certificate is there
	}
}

func (p *planner) controlled(ra *v2alpha1.RouterAccess) bool {
	_, ok := ra.Annotations[AnnotationControlled]
	return ok
}

// autoAccess is the access that goes with the site's link access; nil if it has none.
func (p *planner) autoAccess() *v2alpha1.RouterAccess {
	if !p.site.AcceptsLinks() || p.site.Spec.Edge || p.accessType() != nil {
		return nil
	}
	ra := &v2alpha1.RouterAccess{ObjectMeta: metav1.ObjectMeta{Namespace: p.in.Namespace,
		Annotations: map[string]string{AnnotationControlled: "true"}}}
	v2alpha1.SetTypeMeta(ra)
	ra.Spec.GenerateTLSCredentials = true
	ra.Spec.Issuer = p.site.Issuer()
	for _, h := range strings.Split(p.site.Spec.Settings[v2alpha1.SettingAdvertise], ",") {
		if h = strings.TrimSpace(h); h != "" {
			ra.Spec.SubjectAlternativeNames = append(ra.Spec.SubjectAlternativeNames, h)
		}
	}
	if p.local {
		ra.Name = p.site.Name
		ra.Spec.TLSCredentials = SiteServer
		if _, ok := p.in.Given[ra.Name]; ok { // where the user may have put them since before there was a common name
			ra.Spec.TLSCredentials = ra.Name
		}
		ra.Spec.Roles = []v2alpha1.RouterAccessRole{{Name: v2alpha1.RoleInterRouter}, {Name: v2alpha1.RoleEdge}}
	} else {
		ra.Name = RouterGroup
		ra.Spec.TLSCredentials = SiteServer
		if p.site.Spec.LinkAccess != v2alpha1.LinkAccessDefault {
			ra.Spec.AccessType = p.site.Spec.LinkAccess
		}
		ra.Spec.Roles = []v2alpha1.RouterAccessRole{{Name: v2alpha1.RoleInterRouter, Port: v2alpha1.DefaultInterRouterPort},
			{Name: v2alpha1.RoleEdge, Port: v2alpha1.DefaultEdgePort}}
		if class := p.site.Spec.Settings[v2alpha1.SettingIngressClassName]; class != "" {
			ra.Spec.Settings = map[string]string{v2alpha1.SettingIngressClassName: class}
		}
	}
	for _, old := range p.in.RouterAccesses { // the user's own of that name stands, unless this very plan made it
		if old.Name == ra.Name && !p.controlled(old) {
			return nil
		}
	}
	p.autoName = ra.Name
	return ra
}

// accessOne adds the listeners of one access.
func (p *planner) accessOne(ra *v2alpha1.RouterAccess) error {
	if err := validate.Object(ra); err != nil {
		return err
	}
	if p.site.Spec.Edge {
		return errEdge()
	}
	creds := ra.Credentials()
	if err := p.accessCertificates(ra, creds); err != nil {
		return err
	}
	profile, err := p.profile(creds, false, false)
	if err != nil {
		return err
	}
	var faults []error
	for i := range ra.Spec.Roles {
		role := &ra.Spec.Roles[i]
		name := listenerName(ra, *role)
		port := role.Port
		switch {
		case port != 0:
		case p.local:
			if port = p.ports.allocate(name, role.EffectivePort()); port == 0 {
				faults = append(faults, fmt.Errorf("no free port from %d up for role %s", role.EffectivePort(), role.Name))
				continue
			}
			role.Port = port
		default:
			port = role.EffectivePort()
		}
		if err := p.takeName(name); err != nil {
			faults = append(faults, err)
			continue
		}
		if why := p.portClash(name, ra.Spec.BindHost, port); why != nil {
			faults = append(faults, why)
			continue
		}
		p.cfg.Listeners = append(p.cfg.Listeners, config.Listener{Name: name, Role: role.Name, Host: ra.Spec.BindHost, Port: portText(port),
			SSLProfile: profile, SASLMechanisms: saslExternal, AuthenticatePeer: true})
	}
	return multierr.Combine(faults...)
}

// adaptorPorts are those of the container beside the router, which share their addresses: whoever of the two starts first has one.
var adaptorPorts = []int{9000, 9191}

// portClash says which listener of the router has the port already, nil if none has.
func (p *planner) portClash(name, host string, port int) error {
	if !p.local && slices.Contains(adaptorPorts, port) {
		return fmt.Errorf("port %d is used by the adaptor beside the router: choose another one", port)
	}
	for i := range p.cfg.Listeners {
		l := &p.cfg.Listeners[i]
		if l.Name != name && l.Port == portText(port) && overlap(l.Host, host) {
			return fmt.Errorf("port %d is used by the router's listener %s", port, l.Name)
		}
	}
	return nil
}

// resolve says where a local site can be reached.
func (p *planner) resolve(ra *v2alpha1.RouterAccess, configured error) {
	ra.Status.Endpoints = nil
	if configured != nil {
		if wasSet(ra, v2alpha1.ConditionResolved) {
			p.set(ra, v2alpha1.ConditionResolved, v2alpha1.Waiting(v2alpha1.MessagePending))
		}
		return
	}
	hosts := p.advertised(ra)
	for _, h := range hosts {
		ra.Status.Endpoints = append(ra.Status.Endpoints, endpointsAt(ra, h, RouterGroup)...)
	}
	if len(hosts) == 0 {
		p.set(ra, v2alpha1.ConditionResolved, v2alpha1.Waiting("this machine has no address that others can reach: set spec.subjectAlternativeNames"))
		return
	}
	p.set(ra, v2alpha1.ConditionResolved, nil)
	p.staticLinks(ra, hosts)
}

// endpointsAt are the endpoints of all roles at one host, inter-router first.
func endpointsAt(ra *v2alpha1.RouterAccess, host, group string) []v2alpha1.Endpoint {
	var out []v2alpha1.Endpoint
	for _, r := range ra.Spec.Roles {
		out = append(out, v2alpha1.Endpoint{Name: r.Name, Host: host, Port: portText(r.EffectivePort()), Group: group})
	}
	slices.SortStableFunc(out, func(a, b v2alpha1.Endpoint) int {
		return map[bool]int{true: -1}[a.Name == v2alpha1.RoleInterRouter] - map[bool]int{true: -1}[b.Name == v2alpha1.RoleInterRouter]
	})
	return out
}

// staticLinks are one for each host. A site on this machine may use the loopback address.
func (p *planner) staticLinks(ra *v2alpha1.RouterAccess, hosts []string) {
	if bindsAll(ra.Spec.BindHost) && !slices.Contains(hosts, "127.0.0.1") {
		hosts = append(slices.Clone(hosts), "127.0.0.1")
	}
	name := "link-" + ra.Name
	for _, h := range hosts {
		link := &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: v2alpha1.LinkSpec{Endpoints: endpointsAt(ra, h, ""), TLSCredentials: name, Cost: 1}}
		v2alpha1.SetTypeMeta(link)
		p.out.StaticLinks = append(p.out.StaticLinks, StaticLink{File: name + "-" + h + ".yaml", Host: h,
			Client: clientName(ra.Credentials()), Link: link})
	}
}

func clientName(creds string) string { return "client-" + creds }
