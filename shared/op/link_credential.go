package op

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/site"
)

// clientCert is a credential of that name for the peers of a site: a client certificate of the site's authority.
type clientCert struct {
	name, issuer string
	store        site.Store
}

// secret is the client certificate, made by the site itself or asked for with a Certificate resource. Whatever else has that name,
// be it another's secret or an authority, stays where it is.
func (c GenerateLink) secret(ctx context.Context, p Ports, s *v2alpha1.Site, name string, endpoints []v2alpha1.Endpoint, say Progress) (*v2alpha1.Secret, error) {
	if p.Links != nil {
		secret, err := p.Links.Credential(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("make credential %s: %w", name, err)
		}
		return portable(secret), nil
	}
	var hosts []string
	for _, e := range endpoints {
		if !slices.Contains(hosts, e.Host) {
			hosts = append(hosts, e.Host)
		}
	}
	want := clientCert{name: name, issuer: s.Issuer(), store: p.Store}
	if ready, err := want.ask(ctx, strings.Join(hosts, ",")); err != nil || ready != nil {
		return ready, err
	}
	return want.await(ctx, c.Timeout, say)
}

// ask creates the Certificate unless it is there. A secret that somebody else made is taken if it is what is wanted.
func (c clientCert) ask(ctx context.Context, subject string) (*v2alpha1.Secret, error) {
	there, err := c.certificate(ctx)
	if err != nil || there != nil {
		return nil, err
	}
	secret, wrong, err := c.look(ctx)
	if err != nil {
		return nil, err
	}
	if secret != nil {
		_, left := secret.Annotations[site.AnnotationControlled] // of a Certificate that is gone: a new one replaces it
		switch {
		case wrong == nil:
			return portable(secret), nil
		case !left:
			return nil, fault.New(fault.Conflict, fmt.Sprintf("secret %s is there, and is no client certificate of authority %s: %v", c.name, c.issuer, wrong), otherCredential)
		}
	}
	cert := &v2alpha1.Certificate{ObjectMeta: metav1.ObjectMeta{Name: c.name}}
	v2alpha1.SetTypeMeta(cert)
	cert.Spec = v2alpha1.CertificateSpec{CA: c.issuer, Client: true, Subject: subject}
	switch err := c.store.Create(ctx, cert); {
	case err == nil:
		return nil, nil
	case fault.Is(err, fault.Conflict): // just now, or the user may not see it
		_, err := c.certificate(ctx)
		return nil, err
	default:
		return nil, fmt.Errorf("ask for certificate %s: %w", c.name, err)
	}
}

const otherCredential = "have another made: `link generate --tls-credentials NAME`"

// certificate is the Certificate of the name, nil if there is none or the user may not see it. One for something else is an error.
func (c clientCert) certificate(ctx context.Context) (*v2alpha1.Certificate, error) {
	all, err := list[*v2alpha1.Certificate](ctx, c.store, v2alpha1.KindCertificate, c.name)
	if fault.Is(err, fault.Missing) || fault.Is(err, fault.Denied) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	switch of := all[0].Spec; {
	case of.Signing || of.Server && !of.Client:
		return nil, fault.New(fault.Conflict, "certificate "+c.name+" is there, and is not for links", otherCredential)
	case of.CA != c.issuer:
		return nil, fault.New(fault.Conflict, fmt.Sprintf("certificate %s is there, and is of authority %q, while that of the site is %s", c.name, of.CA, c.issuer),
			"delete that Certificate if no link is to be made with it any more, or "+otherCredential)
	}
	return all[0], nil
}

// await waits until the secret of the Certificate is there. That the Certificate cannot be issued ends it.
func (c clientCert) await(ctx context.Context, timeout time.Duration, say Progress) (*v2alpha1.Secret, error) {
	var secret *v2alpha1.Secret
	started := time.Now()
	there := goal{what: "secret " + c.name, state: "there", timeout: timeout, again: settle, hint: "`site status`"}
	err := await(ctx, c.store, there, say, func(ctx context.Context) (bool, string, error) {
		found, wrong, err := c.look(ctx)
		if err != nil {
			return false, "", err
		}
		if found != nil && wrong == nil {
			secret = found
			return true, "", nil
		}
		reason := "the certificate is not issued yet"
		if found != nil {
			reason = fmt.Sprintf("the one of that name is no client certificate of authority %s: %v", c.issuer, wrong)
		}
		cert, err := c.certificate(ctx)
		if err != nil || cert == nil || cert.Status.Condition(v2alpha1.ConditionReady) == nil {
			return false, reason, err
		}
		met, final, message := judge(cert, v2alpha1.ConditionReady, false)
		if !met {
			reason = "the certificate is not issued yet: " + message
		}
		if final && time.Since(started) >= settle { // before, it may be what was wrong when the authority was not there yet
			return false, "", fault.New(fault.Failed, "certificate "+c.name+" cannot be issued: "+message, "set that right, or "+otherCredential)
		}
		return false, reason, nil
	})
	if err != nil {
		return nil, err
	}
	return portable(secret), nil
}

// look is the secret of the name, nil if there is none, with what is wrong with it.
func (c clientCert) look(ctx context.Context) (found *v2alpha1.Secret, wrong, err error) {
	found, err = c.secretOf(ctx, c.name)
	if err != nil || found == nil {
		return nil, nil, err
	}
	authority, err := c.secretOf(ctx, c.issuer)
	if err != nil && !fault.Is(err, fault.Denied) {
		return nil, nil, err
	}
	ca := found.Data[v2alpha1.SecretKeyCA]
	if authority != nil { // else what it says of itself must do
		ca = authority.Data[v2alpha1.SecretKeyCert]
	}
	return found, forClients(found, ca), nil
}

// secretOf is a secret, nil if there is none.
func (c clientCert) secretOf(ctx context.Context, name string) (*v2alpha1.Secret, error) {
	obj, err := c.store.Get(ctx, v2alpha1.KindSecret, name)
	if fault.Is(err, fault.Missing) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for secret %s: %w", name, err)
	}
	s, ok := obj.(*v2alpha1.Secret)
	if !ok {
		return nil, fmt.Errorf("the store gave a %T for secret %s", obj, name)
	}
	return s, nil
}

// forClients says what is wrong with a secret that is to be a client certificate of an authority.
func forClients(s *v2alpha1.Secret, authority []byte) error {
	if s.Type != v2alpha1.SecretTypeTLS {
		return fmt.Errorf("it is of type %s", orElse(s.Type, "Opaque"))
	}
	pair := pki.Pair{CA: authority, Cert: s.Data[v2alpha1.SecretKeyCert], Key: s.Data[v2alpha1.SecretKeyKey]}
	m, err := pki.Parse(pair)
	if err != nil {
		return err
	}
	leaf := m.Chain[0]
	uses := leaf.ExtKeyUsage
	switch {
	case leaf.IsCA:
		return errors.New("it is an authority itself")
	case m.Key == nil:
		return errors.New("it has no key")
	case len(uses) > 0 && !slices.Contains(uses, x509.ExtKeyUsageClientAuth) && !slices.Contains(uses, x509.ExtKeyUsageAny):
		return errors.New("it is for servers only")
	}
	now := time.Now()
	if now.Before(leaf.NotBefore) {
		now = leaf.NotBefore // clocks differ, and it was made just now
	}
	return pki.Verify(pair, now)
}

// portable is a secret without what binds it to this site.
func portable(s *v2alpha1.Secret) *v2alpha1.Secret {
	out := &v2alpha1.Secret{ObjectMeta: metav1.ObjectMeta{Name: s.Name}, Type: s.Type, Data: s.Data}
	v2alpha1.SetTypeMeta(out)
	return out
}
