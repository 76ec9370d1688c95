package site

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// Labels by which a SecuredAccess finds the pods of one router.
const (
	labelComponent = "skupper.io/component"
	labelGroup     = "skupper.io/group"
)

// groups are the routers to run: one, or two of a site with high availability.
func (p *planner) groups() []string {
	if p.site.Spec.HA && !p.site.Spec.Edge {
		return []string{RouterGroup, RouterGroup + "-2"}
	}
	return []string{RouterGroup}
}

// reservePeer keeps links from being called like the connector between the routers of one site.
func (p *planner) reservePeer() {
	if !p.local && len(p.groups()) > 1 {
		p.names[RouterGroup] = "the connector between the routers of the site"
	}
}

// meshAccess is for the second router of a site that nobody else may link to: without a way to the first, a client of one would
// not reach the servers of the other. It is no resource, and not among the site's endpoints. nil: there is no need.
func (p *planner) meshAccess() *v2alpha1.RouterAccess {
	if p.local || len(p.groups()) < 2 {
		return nil
	}
	for _, ra := range p.out.RouterAccesses {
		lets := slices.ContainsFunc(ra.Spec.Roles, func(r v2alpha1.RouterAccessRole) bool { return r.Name == v2alpha1.RoleInterRouter })
		if lets || ra.Name == RouterGroup {
			return nil
		}
	}
	ra := &v2alpha1.RouterAccess{ObjectMeta: metav1.ObjectMeta{Name: RouterGroup, Namespace: p.in.Namespace}}
	ra.Spec = v2alpha1.RouterAccessSpec{AccessType: "local", GenerateTLSCredentials: true, Issuer: SiteCA, TLSCredentials: SiteServer,
		Roles: []v2alpha1.RouterAccessRole{{Name: v2alpha1.RoleInterRouter, Port: v2alpha1.DefaultInterRouterPort}}}
	v2alpha1.SetTypeMeta(ra)
	return ra
}

// secure plans what makes router accesses reachable in a cluster: a SecuredAccess for each of them and each router. What
// they know of addresses becomes the endpoints of the router access.
func (p *planner) secure() {
	if p.local {
		return
	}
	have := map[string]*v2alpha1.SecuredAccess{}
	for _, sa := range p.in.SecuredAccesses {
		have[sa.Name] = sa
	}
	wanted := map[string]bool{}
	for _, ra := range p.out.RouterAccesses {
		if validate.Object(ra) != nil || p.site.Spec.Edge || p.reserved(ra) != nil {
			ra.Status.Endpoints = nil
			continue
		}
		ra.Status.Endpoints = nil
		var faults []error
		for i, group := range p.groups() {
			sa := p.securedAccess(ra, i, group)
			if wanted[sa.Name] {
				p.set(ra, v2alpha1.ConditionConfigured, fmt.Errorf("SecuredAccess %s is for another RouterAccess: rename this one", sa.Name))
				continue
			}
			wanted[sa.Name] = true
			p.out.SecuredAccesses = append(p.out.SecuredAccesses, sa)
			old := have[sa.Name]
			nameHosts(sa, old, ra)
			switch {
			case old == nil:
			case old.Annotations[AnnotationRouterAccess] != ra.Name:
				faults = append(faults, fmt.Errorf("SecuredAccess %s exists and is not for this RouterAccess", sa.Name))
				p.out.SecuredAccesses = p.out.SecuredAccesses[:len(p.out.SecuredAccesses)-1]
			case len(old.Status.Endpoints) > 0:
				for _, e := range endpointsNamed(ra, group, old.Status.Endpoints) {
					e.Group = group
					ra.Status.Endpoints = append(ra.Status.Endpoints, e)
				}
			case old.Status.StatusType == v2alpha1.StatusError:
				why := errors.New(old.Status.Message)
				faults = append(faults, why)
				if p.awaitsCertificate(ra) { // which is made with the rest, so that waiting for it tells nothing
					p.set(ra, v2alpha1.ConditionConfigured, why)
				}
			}
		}
		if fault := p.in.Faults[string(ra.UID)]; fault != nil {
			faults = append(faults, fault)
		}
		p.resolveSecured(ra, faults)
	}
	if p.mesh != nil {
		sa := p.securedAccess(p.mesh, 0, RouterGroup) // the first router is dialled, and no other
		if old := have[sa.Name]; !wanted[sa.Name] && (old == nil || old.Annotations[AnnotationRouterAccess] == p.mesh.Name) {
			wanted[sa.Name] = true
			p.out.SecuredAccesses = append(p.out.SecuredAccesses, sa)
		}
	}
	p.obsoleteAccesses(wanted)
}

// awaitsCertificate tells that the certificate which is made for an access is not there yet.
func (p *planner) awaitsCertificate(ra *v2alpha1.RouterAccess) bool {
	return ra.Spec.GenerateTLSCredentials && p.secrets[ra.Credentials()] == nil
}

// obsoleteAccesses are those that were planned once and are not wanted any more.
func (p *planner) obsoleteAccesses(wanted map[string]bool) {
	for _, sa := range p.in.SecuredAccesses {
		_, controlled := sa.Annotations[AnnotationControlled]
		if sa.Annotations[AnnotationRouterAccess] != "" && controlled && !wanted[sa.Name] {
			p.out.Obsolete = append(p.out.Obsolete, sa)
		}
	}
}

// nameHosts has the certificate of a SecuredAccess be for the hosts that the user names; one that has the list already gets an empty
// one if there are none any more, as annotations of others stay.
func nameHosts(sa, old *v2alpha1.SecuredAccess, ra *v2alpha1.RouterAccess) {
	hosts, listed := strings.Join(named(ra), ","), false
	if old != nil {
		_, listed = old.Annotations[AnnotationHosts]
	}
	if hosts != "" || listed {
		sa.Annotations[AnnotationHosts] = hosts
	}
}

// resolveSecured says whether others can reach the routers: one address is enough.
func (p *planner) resolveSecured(ra *v2alpha1.RouterAccess, faults []error) {
	slices.SortStableFunc(ra.Status.Endpoints, func(a, b v2alpha1.Endpoint) int {
		return cmp.Or(strings.Compare(a.Group, b.Group), strings.Compare(b.Name, a.Name)) // inter-router before edge
	})
	switch {
	case len(ra.Status.Endpoints) > 0:
		p.set(ra, v2alpha1.ConditionResolved, nil)
	case len(faults) > 0:
		p.set(ra, v2alpha1.ConditionResolved, faults[0])
	default:
		p.set(ra, v2alpha1.ConditionResolved, v2alpha1.Waiting(v2alpha1.MessagePending))
	}
}

func (p *planner) securedAccess(ra *v2alpha1.RouterAccess, i int, group string) *v2alpha1.SecuredAccess {
	sa := &v2alpha1.SecuredAccess{ObjectMeta: metav1.ObjectMeta{Name: ra.Name, Namespace: p.in.Namespace,
		Annotations: map[string]string{AnnotationControlled: "true", AnnotationRouterAccess: ra.Name}}}
	v2alpha1.SetTypeMeta(sa)
	if i > 0 {
		sa.Name = fmt.Sprintf("%s-%d", ra.Name, i+1)
	}
	sa.Spec = v2alpha1.SecuredAccessSpec{AccessType: ra.Spec.AccessType, Selector: map[string]string{labelComponent: "router", labelGroup: group},
		Certificate: ra.Spec.TLSCredentials, Settings: ra.Spec.Settings}
	for _, r := range ra.Spec.Roles {
		port := r.EffectivePort()
		sa.Spec.Ports = append(sa.Spec.Ports, v2alpha1.SecuredAccessPort{Name: r.Name, Port: port, TargetPort: port, Protocol: "TCP"})
	}
	if ra.Spec.GenerateTLSCredentials {
		sa.Spec.Issuer = cmp.Or(ra.Spec.Issuer, p.site.Issuer())
	}
	return sa
}

// routers gives each router its configuration: the second one has a connection to the first.
func (p *planner) routers() error {
	if p.local {
		return nil
	}
	for i, group := range p.groups() {
		cfg := *p.cfg
		if peer := p.peer(); i > 0 && peer != nil {
			cfg.Connectors = append(slices.Clone(cfg.Connectors), *peer)
			if err := cfg.Check(); err != nil {
				return fmt.Errorf("plan router %s of site %s: %w", group, p.site.Name, err)
			}
		}
		p.out.Routers = append(p.out.Routers, Router{Group: group, Config: &cfg})
	}
	return nil
}

// peer is the connector to the first router; nil if nothing lets it in.
func (p *planner) peer() *config.Connector {
	accesses := p.out.RouterAccesses
	if p.mesh != nil {
		accesses = append(slices.Clone(accesses), p.mesh)
	}
	for _, ra := range accesses {
		for i := range p.cfg.Listeners {
			l := &p.cfg.Listeners[i]
			if l.Role == config.RoleInterRouter && l.Name == ra.Name+"-"+v2alpha1.RoleInterRouter {
				return &config.Connector{Name: RouterGroup, Role: config.RoleInterRouter, Host: ra.Name, Port: l.Port, Cost: 1, SSLProfile: l.SSLProfile}
			}
		}
	}
	return nil
}
