package site

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// chooseSite finds the active site; the others are told who it is.
func (p *planner) chooseSite() {
	for _, s := range p.in.Sites { // the oldest first
		if err := validate.Name(s.Name); err != nil {
			p.set(s, v2alpha1.ConditionConfigured, fmt.Errorf("metadata.name %w", err))
			continue
		}
		if p.site == nil || (p.in.ActiveSite != "" && string(s.UID) == p.in.ActiveSite) {
			p.site = s
		}
	}
	for _, s := range p.in.Sites {
		if p.site != nil && s != p.site && validate.Name(s.Name) == nil {
			p.set(s, v2alpha1.ConditionConfigured, fmt.Errorf("An active site already exists in the namespace (%s)", p.site.Name)) //nolint:staticcheck // matched on by others
		}
	}
}

// withoutSite tells everything that needs a site that there is none.
func (p *planner) withoutSite() {
	for _, ra := range p.in.RouterAccesses { // what they lead to is gone
		ra.Status.Endpoints = nil
		v2alpha1.ClearCondition(p.now, ra, v2alpha1.ConditionResolved)
	}
	p.obsoleteAccesses(nil)
	var all []v2alpha1.Object
	all = appendAll(all, p.in.Listeners)
	all = appendAll(all, p.in.MultiKeyListeners)
	all = appendAll(all, p.in.Connectors)
	all = appendAll(all, p.in.Links)
	all = appendAll(all, p.in.RouterAccesses)
	all = appendAll(all, p.in.Bindings)
	for _, a := range p.in.AttachedConnectors {
		a.Status.SelectedPods = nil
		if p.bindingFor(a) == nil {
			p.set(a, v2alpha1.ConditionConfigured, errNoBinding())
			continue
		}
		all = append(all, a)
	}
	for _, o := range all {
		p.set(o, v2alpha1.ConditionConfigured, errors.New(v2alpha1.MessageNoActiveSite)) //nolint:staticcheck // the text is what users and tools expect
	}
}

// siteStatus judges the active site, after everything else is known.
func (p *planner) siteStatus() {
	s := p.site
	issuer := p.issuer()
	if issuer == nil {
		s.Status.DefaultIssuer = s.Issuer()
	} else { // what is named by mistake must not stay in use when the spec names it no more
		s.Status.DefaultIssuer = cmp.Or(s.Status.DefaultIssuer, v2alpha1.DefaultIssuerName)
	}
	s.Status.Endpoints = p.endpoints()
	if p.in.Controller != nil {
		s.Status.Controller = p.in.Controller.DeepCopy()
	}
	fault := multierr.Combine(validate.Object(s), p.accessType(), p.in.Faults[string(s.UID)])
	if p.fault != nil { // a mistake of the program, which somebody has to hear of
		fault = multierr.Append(fault, fmt.Errorf("nothing of this site is changed, as the router would not take its configuration: %w", p.fault))
	}
	if fault == nil {
		fault = issuer
	}
	p.set(s, v2alpha1.ConditionConfigured, fault)
	p.network(s)
	p.set(s, v2alpha1.ConditionRunning, p.running())
	switch {
	case len(s.Status.Endpoints) > 0:
		p.set(s, v2alpha1.ConditionResolved, nil)
	case s.AcceptsLinks() && s.Spec.Edge:
		p.set(s, v2alpha1.ConditionResolved, errEdge())
	case s.AcceptsLinks():
		p.set(s, v2alpha1.ConditionResolved, p.unresolved())
	default:
		v2alpha1.ClearCondition(p.now, s, v2alpha1.ConditionResolved)
	}
}

// unresolved says why nobody can reach the routers: what is wrong with the access made for it, or that it takes time.
func (p *planner) unresolved() error {
	for _, ra := range p.out.RouterAccesses {
		if c := ra.Status.Condition(v2alpha1.ConditionResolved); ra.Name == p.autoName && c != nil && c.Reason == string(v2alpha1.StatusError) {
			return errors.New(c.Message)
		}
	}
	return v2alpha1.Waiting(v2alpha1.MessagePending)
}

// accessType checks what the site's link access asks for.
func (p *planner) accessType() error {
	wanted := p.site.Spec.LinkAccess
	if len(p.in.AccessTypes) > 0 && p.site.AcceptsLinks() && wanted != v2alpha1.LinkAccessDefault && !slices.Contains(p.in.AccessTypes, wanted) {
		return errors.New(v2alpha1.MessageUnsupportedAccess + wanted)
	}
	return nil
}

// errEdge is why an edge site has no link access.
func errEdge() error { return errors.New("Edge sites cannot accept incoming links from remote sites") } //nolint:staticcheck // matched on by others

// running is nil or a remark if the router runs, or says why it does not.
func (p *planner) running() error {
	remarks := p.obs.Remarks
	if p.obs.Blind != "" {
		remarks = append(slices.Clone(remarks), p.obs.Blind)
	}
	switch {
	case p.obs.Running && len(remarks) > 0:
		return v2alpha1.Noting(strings.Join(remarks, "; "))
	case p.obs.Running:
		return nil
	case p.local && p.obs.NotReady != "":
		return v2alpha1.Waiting("the router is not running: " + p.obs.NotReady)
	case p.local:
		return v2alpha1.Waiting("the router is not running")
	case p.obs.NotReady != "":
		return v2alpha1.Waiting(p.obs.NotReady)
	}
	return v2alpha1.Waiting("No router pod is ready")
}

// network records what is known of the other sites; what is not known stays.
func (p *planner) network(s *v2alpha1.Site) {
	if p.obs.Network != nil {
		sites, dropped := bounded(p.obs.Network, p.out.SiteID, maxNetwork)
		if dropped != "" {
			p.obs.Remarks = append(slices.Clone(p.obs.Remarks), "the network is too big to be shown: status.network is without "+dropped)
		}
		s.Status.Network = sites
		if p.obs.Blind == "" { // else it is what the status had, which may have been without some
			s.Status.SitesInNetwork = len(p.obs.Network)
		}
		return
	}
	if len(p.obs.Nodes) == 0 {
		return
	}
	// Edge routers of other sites are not among the nodes. A site with two routers counts once if its id is known.
	sites, self := map[string]bool{}, false
	for _, n := range p.obs.Nodes {
		id := n.SiteID
		if id == "" {
			id = "router " + n.RouterID
		}
		sites[id] = true
		self = self || n.Self
	}
	s.Status.SitesInNetwork = len(sites)
	if !self {
		s.Status.SitesInNetwork++
	}
}

// endpoints are those of all router accesses.
func (p *planner) endpoints() []v2alpha1.Endpoint {
	var out []v2alpha1.Endpoint
	for _, ra := range p.out.RouterAccesses {
		for _, e := range ra.Status.Endpoints {
			if ra.Status.IsTrue(v2alpha1.ConditionConfigured) {
				out = append(out, e)
			}
		}
	}
	return out
}
