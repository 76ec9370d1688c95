package site

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/validate"
)

// brought is what the user brought under a name; nil if nothing. Directories win over secrets.
func (p *planner) brought(name string) *pki.Pair {
	if pair, ok := p.in.Given[name]; ok {
		return &pair
	}
	if s, ok := p.secrets[name]; ok && s.IsTLSCredentials() {
		return &pki.Pair{CA: s.Data[v2alpha1.SecretKeyCA], Cert: s.Data[v2alpha1.SecretKeyCert], Key: s.Data[v2alpha1.SecretKeyKey]}
	}
	return nil
}

// want asks for a key pair. A second wish for the same name widens the first.
func (p *planner) want(w CertificateWant) {
	w.Brought = p.brought(w.Name)
	old, ok := p.wants[w.Name]
	if !ok {
		p.wants[w.Name] = &w
		return
	}
	for _, h := range w.Hosts {
		if !slices.Contains(old.Hosts, h) {
			old.Hosts = append(old.Hosts, h)
		}
	}
	old.Client, old.Server = old.Client || w.Client, old.Server || w.Server
}

// sslProfile is the router's view of a profile.
func (p *planner) sslProfile(pr Profile) config.SSLProfile {
	dir := path.Join(p.in.CertDir, pr.Name)
	out := config.SSLProfile{Name: pr.Name, CACertFile: path.Join(dir, v2alpha1.SecretKeyCA), Ordinal: p.in.Ordinals[pr.Credentials]}
	if b := p.brought(pr.Credentials); b != nil && len(b.CA) == 0 {
		out.CACertFile = "" // a server that asks no client for a certificate needs none
	}
	if !pr.CAOnly {
		out.CertFile, out.PrivateKeyFile = path.Join(dir, v2alpha1.SecretKeyCert), path.Join(dir, v2alpha1.SecretKeyKey)
	}
	prior := priorRevisions
	if n, err := strconv.ParseUint(p.site.Spec.Settings[v2alpha1.SettingTLSPriorValidRevision], 10, 16); err == nil {
		prior = int(n)
	}
	out.OldestValidOrdinal = max(out.Ordinal-prior, 0)
	return out
}

func errNoSecret(name string) error {
	return fmt.Errorf("TLS credentials secret %q not found", name)
}

// needs says which parts of credentials are used.
type needs int

const (
	needCA needs = 1 << iota
	needPair
)

// credentials makes sure of those that must have been brought, or on Kubernetes made by somebody else.
func (p *planner) credentials(name string, n needs) error {
	pair := p.brought(name)
	switch {
	case pair == nil:
		return errNoSecret(name)
	case n&needCA != 0 && len(pair.CA) == 0:
		return fmt.Errorf("TLS credentials secret %q has no %s", name, v2alpha1.SecretKeyCA)
	case n&needPair != 0 && (len(pair.Cert) == 0 || len(pair.Key) == 0):
		return fmt.Errorf("TLS credentials secret %q has no %s and %s", name, v2alpha1.SecretKeyCert, v2alpha1.SecretKeyKey)
	}
	if p.local {
		p.want(CertificateWant{Name: name})
	}
	return nil
}

// serviceCredentials are those of a listener or connector. A local site makes what was not brought.
func (p *planner) serviceCredentials(name, host string, n needs) error {
	if p.local && p.brought(name) == nil {
		p.want(CertificateWant{Name: name, CA: ServiceCA, Subject: host, Hosts: []string{host}, Client: true, Server: true})
		return nil
	}
	return p.credentials(name, n)
}

// accessCertificates are the server's and the clients' of a router access.
func (p *planner) accessCertificates(ra *v2alpha1.RouterAccess, creds string) error {
	if !p.local {
		if p.brought(creds) == nil {
			return errNoSecret(creds)
		}
		return nil
	}
	issuer := ra.Spec.Issuer
	if issuer == "" {
		issuer = p.site.Issuer()
	}
	if !p.hasCA(issuer) {
		return fmt.Errorf("CA %q not found", p.in.Namespace+"/"+issuer)
	}
	p.want(CertificateWant{Name: creds, CA: issuer, Subject: ra.Name, Hosts: p.certified(ra), Server: true})
	client := clientName(creds)
	p.want(CertificateWant{Name: client, CA: issuer, Subject: client, Client: true})
	return nil
}

// hasCA reports whether there is, or will be, a CA of that name.
func (p *planner) hasCA(name string) bool {
	if name == SiteCA || name == LocalCA || (name == ServiceCA && p.local) {
		return true
	}
	for _, c := range p.in.Certificates {
		if c.Name == name && c.Spec.Signing && validate.Object(c) == nil {
			return true
		}
	}
	if p.brought(name) != nil {
		p.want(CertificateWant{Name: name, Signing: true})
		return true
	}
	return false
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
	err := validate.Object(c)
	if err == nil && c.Spec.CA != "" && !p.hasCA(c.Spec.CA) {
		err = fmt.Errorf("CA %q not found", p.in.Namespace+"/"+c.Spec.CA)
	}
	if err == nil && c.Spec.CA == c.Name {
		err = errors.New("spec.ca is the certificate itself: leave it empty")
	}
	if err != nil {
		p.set(c, v2alpha1.ConditionReady, err)
		return
	}
	p.wants[c.Name] = &CertificateWant{Name: c.Name, CA: c.Spec.CA, Subject: c.Spec.Subject, Hosts: slices.Clone(c.Spec.Hosts),
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

// orderedWants puts each certificate after the one that signs it. Those that sign each other in a ring are left out:
// they could never be made.
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
