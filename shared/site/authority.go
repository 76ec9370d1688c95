package site

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/validate"
)

// builtIn reports whether every site has a CA of that name.
func (p *planner) builtIn(name string) bool {
	return name == SiteCA || name == LocalCA || (name == ServiceCA && p.local)
}

// checkCA says why nothing can be signed by the CA of that name, nil if it can. users are those that the CA signs for,
// directly or not: none of them may sign it.
func (p *planner) checkCA(name string, users ...string) error {
	if slices.Contains(users, name) {
		return fmt.Errorf("CA %q is signed by itself in the end", p.in.Namespace+"/"+name)
	}
	if p.builtIn(name) {
		return nil
	}
	for _, c := range p.in.Certificates {
		if c.Name == name && c.Spec.Signing && validate.Object(c) == nil {
			if c.Spec.CA == "" {
				return nil
			}
			return p.checkCA(c.Spec.CA, append(users, name)...)
		}
	}
	if p.brought(name) == nil {
		return fmt.Errorf("CA %q not found", p.in.Namespace+"/"+name)
	}
	p.want(CertificateWant{Name: name, Signing: true})
	return nil
}

// issuer says whether the authority that the site's spec names is missing. It may be about to be made.
func (p *planner) issuer() error {
	name := p.site.Spec.DefaultIssuer
	if name == "" || p.builtIn(name) || p.brought(name) != nil ||
		slices.ContainsFunc(p.in.Certificates, func(c *v2alpha1.Certificate) bool { return c.Name == name }) {
		return nil
	}
	return v2alpha1.Waiting(fmt.Sprintf("spec.defaultIssuer: CA %q not found", p.in.Namespace+"/"+name))
}

// checkCertificate says why a certificate cannot be made.
func (p *planner) checkCertificate(c *v2alpha1.Certificate) error {
	if err := validate.Object(c); err != nil {
		return err
	}
	if p.builtIn(c.Name) && (!c.Spec.Signing || c.Spec.CA != "") {
		return errors.New("the site signs its certificates with this one: it must have spec.signing and no spec.ca")
	}
	if c.Spec.CA == "" {
		return nil
	}
	return p.checkCA(c.Spec.CA, c.Name)
}

// certificates plans those that every site has, and those that resources ask for.
func (p *planner) certificates() {
	site := p.site.Name
	p.want(CertificateWant{Name: SiteCA, Subject: site + " site CA", Signing: true})
	p.want(CertificateWant{Name: LocalCA, Subject: site + " local CA", Signing: true})
	if p.local {
		loopback := []string{"127.0.0.1", "localhost"}
		p.want(CertificateWant{Name: ServiceCA, Subject: site + " service CA", Signing: true})
		p.want(CertificateWant{Name: LocalServer, CA: LocalCA, Subject: "127.0.0.1", Hosts: loopback, Server: true})
		p.want(CertificateWant{Name: LocalClient, CA: LocalCA, Subject: "127.0.0.1", Hosts: loopback, Client: true})
	} else {
		const name = RouterGroup + "-local"
		p.want(CertificateWant{Name: LocalServer, CA: LocalCA, Subject: name, Server: true,
			Hosts: []string{name, name + "." + p.in.Namespace, name + "." + p.in.Namespace + ".svc.cluster.local"}})
	}
	for _, c := range p.in.Certificates {
		p.certificate(c)
	}
}

// certificate plans one that a resource asks for.
func (p *planner) certificate(c *v2alpha1.Certificate) {
	err := p.checkCertificate(c)
	if err != nil {
		p.set(c, v2alpha1.ConditionReady, err)
		return
	}
	p.wants[c.Name] = &CertificateWant{Name: c.Name, CA: c.Spec.CA, Subject: subject(c.Spec.Subject), Hosts: slices.Clone(c.Spec.Hosts),
		Client: c.Spec.Client, Server: c.Spec.Server, Signing: c.Spec.Signing, Brought: p.brought(c.Name)}
	pair, ok := p.in.Certs[c.Name]
	if b := p.wants[c.Name].Brought; b != nil {
		pair, ok = *b, true
	}
	if !ok {
		p.set(c, v2alpha1.ConditionReady, v2alpha1.Waiting(v2alpha1.MessagePending))
		return
	}
	if end, err := pki.Expiry(pair.Cert); err == nil {
		c.Status.Expiration = end.UTC().Format(time.RFC3339)
	}
	p.set(c, v2alpha1.ConditionReady, nil)
}

// orderedWants puts each certificate after the one that signs it.
func (p *planner) orderedWants() []CertificateWant {
	var out []CertificateWant
	done := map[string]bool{}
	for progress := true; progress; {
		progress = false
		for _, name := range slices.Sorted(maps.Keys(p.wants)) {
			w := p.wants[name]
			if done[name] || (w.Brought == nil && w.CA != "" && !done[w.CA]) {
				continue
			}
			out, done[name], progress = append(out, *w), true, true
		}
	}
	return out
}
