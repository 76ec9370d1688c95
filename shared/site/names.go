package site

import (
	"fmt"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// A router finds entities by name alone, so names are unique across their types: a link may not be called like a TLS
// profile. Names of bridges have a '/' and cannot meet others.

// reserveNames gives the site and the links their names before anybody else. A link of the site's name keeps it: its
// status is found by it, while the site entity can do with the router's id.
func (p *planner) reserveNames() {
	p.names = map[string]string{}
	for _, l := range p.in.Links {
		p.names[l.Name] = "a link"
	}
	p.siteEntity = p.site.Name
	if _, taken := p.names[p.siteEntity]; taken {
		p.siteEntity = p.out.RouterID
	}
	p.names[p.siteEntity] = "the site"
}

// reserveListeners gives the listeners of router accesses their names before any TLS profile or proxy gets one: profiles can do with
// another, and an access that works is not to lose its listener to the credentials of another one. A listener gets its name
// even if a link has to go without; who cannot have theirs hear of it from takeName.
func (p *planner) reserveListeners(accesses []*v2alpha1.RouterAccess) {
	p.unnamed = map[string]error{}
	for _, ra := range accesses {
		if validate.Object(ra) != nil || p.site.Spec.Edge {
			continue
		}
		for _, r := range ra.Spec.Roles {
			name := listenerName(ra, r)
			if owner, taken := p.names[name]; taken && owner != "a link" {
				p.unnamed[name] = fmt.Errorf("its listener would be called %s, like %s: rename one of them", name, owner)
				continue
			}
			p.names[name] = "a listener of the router"
		}
	}
}

// takeName says whether a listener has the name that it needs.
func (p *planner) takeName(name string) error { return p.unnamed[name] }

// listenerName is how the listener for a role of a router access is called. No two of different accesses are the same.
func listenerName(ra *v2alpha1.RouterAccess, r v2alpha1.RouterAccessRole) string {
	return ra.Name + "-" + r.Name
}

// profile makes the router know the files of some credentials and says how it calls them: like the credentials if it
// can, else with "-profile" at the end. What aliased asks for always has that end.
func (p *planner) profile(credentials string, aliased, caOnly bool) (string, error) {
	candidates := []string{credentials, credentials + "-profile"}
	if aliased {
		candidates = candidates[1:]
	}
	for _, name := range candidates {
		if _, taken := p.names[name]; taken {
			continue
		}
		old, ok := p.profiles[name]
		switch {
		case !ok:
			p.profiles[name] = &Profile{Name: name, Credentials: credentials, CAOnly: caOnly}
		case old.Credentials != credentials:
			continue
		default:
			old.CAOnly = old.CAOnly && caOnly
		}
		return name, nil
	}
	last := candidates[len(candidates)-1]
	owner, ok := p.names[last]
	if !ok {
		owner = "that of other credentials"
	}
	return "", fmt.Errorf("its TLS profile would be called %s, like %s: rename one of them", last, owner)
}

// localProfile is the one for this machine, without which no router can be managed.
func (p *planner) localProfile() string {
	name, err := p.profile(LocalServer, false, false)
	if err != nil { // needs two links with reserved names
		return LocalServer
	}
	return name
}

func (p *planner) linkNameTaken(l *v2alpha1.Link) error {
	if owner := p.names[l.Name]; owner != "a link" {
		return fmt.Errorf("its connector would be called %s, like %s: rename the link", l.Name, owner)
	}
	return nil
}

// takeProxyName gives a proxy profile the name of its secret, by which the files are found.
func (p *planner) takeProxyName(name string) error {
	owner, taken := p.names[name]
	if _, ok := p.profiles[name]; ok {
		owner, taken = "a TLS profile", true
	}
	if taken {
		return fmt.Errorf("its proxy profile would be called %s, like %s: rename the secret", name, owner)
	}
	p.names[name] = "a proxy profile"
	return nil
}
