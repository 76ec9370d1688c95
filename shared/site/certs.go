package site

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
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
	w.Subject = subject(w.Subject)
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

// maxSubject is the longest common name that peers take, in octets. Nobody checks it: it is for people.
const maxSubject = 253

func subject(s string) string {
	if len(s) > maxSubject {
		s = strings.ToValidUTF8(s[:maxSubject], "")
	}
	return s
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
	if s := p.secrets[pr.Credentials]; s != nil {
		if n, err := strconv.ParseUint(s.Annotations[AnnotationPriorRevisions], 10, 16); err == nil {
			prior = int(n)
		}
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

// reserved says why the credentials of a router access cannot be made under the name that it gives them: with an authority, or with
// the server of this machine, would go what trusts it.
func (p *planner) reserved(ra *v2alpha1.RouterAccess) error {
	creds, made := ra.Credentials(), ra.Spec.GenerateTLSCredentials
	if p.local {
		made = p.brought(creds) == nil
	}
	switch {
	case !made:
		return nil
	case p.builtIn(creds), creds == LocalServer, p.local && creds == LocalClient:
		return fmt.Errorf("spec.tlsCredentials is %q, which every site has for itself: choose another name", creds)
	}
	for _, c := range p.in.Certificates {
		if c.Name == creds && c.Spec.Signing {
			return fmt.Errorf("spec.tlsCredentials is %q, which is an authority: choose another name", creds)
		}
	}
	return nil
}

// accessCertificates are the server's and the clients' of a router access.
func (p *planner) accessCertificates(ra *v2alpha1.RouterAccess, creds string) error {
	if err := p.reserved(ra); err != nil {
		return err
	}
	if !p.local {
		switch {
		case p.brought(creds) != nil:
			return nil
		case ra.Spec.GenerateTLSCredentials: // it is being made
			return v2alpha1.Waiting(errNoSecret(creds).Error())
		}
		return errNoSecret(creds)
	}
	issuer := ra.Spec.Issuer
	if issuer == "" {
		issuer = p.site.Issuer()
	}
	if err := p.checkCA(issuer); err != nil {
		return err
	}
	p.want(CertificateWant{Name: creds, CA: issuer, Subject: ra.Name, Hosts: p.certified(ra), Server: true})
	client := clientName(creds)
	p.want(CertificateWant{Name: client, CA: issuer, Subject: client, Client: true})
	return nil
}
