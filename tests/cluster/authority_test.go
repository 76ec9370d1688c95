//go:build cluster

package cluster

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/skupper-plugins/suite/tests/cluster/node"
)

// certificate is what a Secret of the place has as its certificate; nil if there is none.
func (p *place) certificate(secret string) (*x509.Certificate, error) {
	out, err := p.c.Kubectl(p.t.Context(), "get", "secret", "--namespace", p.name, secret, "-o", `jsonpath={.data.tls\.crt}`)
	if err != nil {
		return nil, err
	}
	text, err := base64.StdEncoding.DecodeString(out)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("Secret %s has no certificate", secret)
	}
	return x509.ParseCertificate(block.Bytes)
}

// replaceAuthority deletes the site's authority, and waits for the next one and for the server's certificate that it signs.
func (p *place) replaceAuthority() {
	p.t.Helper()
	const authority, server = "skupper-site-ca", "skupper-site-server"
	old, err := p.certificate(authority)
	if err != nil {
		p.t.Fatal(err)
	}
	kubectl(p.t, p.c, "delete", "secret", "--namespace", p.name, authority)
	eventually(p.t, patience, "another authority, and a certificate of it", func() error {
		now, err := p.certificate(authority)
		if err != nil {
			return err
		}
		if now.Equal(old) {
			return errors.New("the authority is the same")
		}
		served, err := p.certificate(server)
		if err != nil {
			return err
		}
		return served.CheckSignatureFrom(now)
	})
}

// linkName is the name of the only link.
func (p *place) linkName() string {
	p.t.Helper()
	names := regexp.MustCompile(`(?m)^(\S+)[ \t]+(?:Ready|Pending|Error)\b`).FindAllStringSubmatch(p.do("link", "status"), -1)
	if len(names) != 1 {
		p.t.Fatalf("%s has the links %v, want one", p.name, names)
	}
	return names[0][1]
}

// TestAuthorityReplaced deletes the authority of a site that others are linked to. They say that their credentials are of no use and
// what to do; a fresh token renews exactly the link that there is, and traffic is back.
func TestAuthorityReplaced(t *testing.T) {
	t.Parallel()
	issuer := ours().in(t, west(t), "issuer").site("--enable-link-access")
	others := []*place{local(t, "outside").site(), ours().in(t, west(t), "claimer").site()}
	issuer.offer("from-issuer")
	reached, names := make([]string, len(others)), make([]string, len(others))
	for i, p := range others {
		p.linkTo(issuer)
		names[i], reached[i] = p.linkName(), p.use("from-issuer")
		answers(t, reached[i])
	}
	issuer.replaceAuthority()
	issuer.shows(`skupper-site-ca was replaced`, "site", "status")
	// What is connected need not notice: it is when it connects again that credentials count.
	kubectl(t, issuer.c, "delete", "pod", "--namespace", issuer.name, issuer.router(), "--wait=false")
	for i, p := range others {
		p.shows(`(?s)`+names[i]+`.*Pending.*redeem a new token`, "link", "status")
	}
	for i, p := range others {
		p.do("token", "redeem", issuer.token())
		p.linked()
		if now := p.linkName(); now != names[i] {
			t.Errorf("%s had the link %s and has %s", p.name, names[i], now)
		}
		recovers(t, reached[i])
	}
	// And back, to a site that is new.
	last := local(t, "later").site().linkTo(issuer)
	last.offer("from-later")
	answers(t, others[1].use("from-later"))
}

// TestAuthorityOfLocalSiteReplaced does the same to a site on this machine that one in a cluster is linked to.
func TestAuthorityOfLocalSiteReplaced(t *testing.T) {
	t.Parallel()
	issuer := local(t, "issuer").site("--enable-link-access", "--advertise", node.Outside)
	claimer := ours().in(t, west(t), "claimer-of-local").site().linkTo(issuer)
	issuer.offer("from-local")
	name, reached := claimer.linkName(), claimer.use("from-local")
	answers(t, reached)
	authority := filepath.Join(issuer.home.Dir, "namespaces", issuer.name, "runtime", "issuers", "skupper-site-ca")
	old, err := os.ReadFile(filepath.Join(authority, "tls.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(authority); err != nil {
		t.Fatal(err)
	}
	issuer.do("system", "reload")
	if now, err := os.ReadFile(filepath.Join(authority, "tls.crt")); err != nil || bytes.Equal(now, old) {
		t.Fatalf("there is no other authority: %v", err)
	}
	issuer.do("system", "stop") // what is connected need not notice
	issuer.do("system", "start")
	claimer.shows(`(?s)`+name+`.*Pending.*redeem a new token`, "link", "status")
	claimer.do("token", "redeem", issuer.token())
	claimer.linked()
	if now := claimer.linkName(); now != name {
		t.Errorf("%s had the link %s and has %s", claimer.name, name, now)
	}
	recovers(t, reached)
}
