package site

import (
	"fmt"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
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

// takeName gives a listener of the router its name, even if a link has to go without.
func (p *planner) takeName(name string) error {
	if owner, taken := p.names[name]; taken && owner != "a link" {
		return fmt.Errorf("its listener would be called %s, like %s: rename one of them", name, owner)
	}
	p.names[name] = "a listener of the router"
	return nil
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
