package op

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/pki"
)

// authority is the secret of a certificate authority; keys are costly to make, so tests share few.
func authority(t *testing.T, name string) (*v2alpha1.Secret, pki.Pair) {
	t.Helper()
	ca, err := pki.NewP256CA(name, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return tlsSecret(name, ca), ca
}

func tlsSecret(name string, p pki.Pair) *v2alpha1.Secret {
	return &v2alpha1.Secret{ObjectMeta: named(name), Type: v2alpha1.SecretTypeTLS,
		Data: map[string][]byte{v2alpha1.SecretKeyCA: p.CA, v2alpha1.SecretKeyCert: p.Cert, v2alpha1.SecretKeyKey: p.Key}}
}

// issued is the secret of a certificate of an authority.
func issued(t *testing.T, name string, ca pki.Pair, client, server bool) *v2alpha1.Secret {
	t.Helper()
	p, err := pki.Issue(ca, pki.Request{Subject: name, Client: client, Server: server}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return tlsSecret(name, p)
}

// issuedBy is west with an authority of its own.
func issuedBy(ca string) *v2alpha1.Site {
	s := west()
	s.Spec.DefaultIssuer, s.Status.Endpoints = ca, at("a.example", "b.example")
	return s
}

// In a cluster the credential is asked for with a Certificate, and stays.
func TestGenerateLinkByCertificate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caSecret, ca := authority(t, "ca")
		m := newMemory(issuedBy("ca"), caSecret)
		m.delay = time.Second
		m.controller, m.makes = settled, issued(t, "link-west", ca, true, false)
		for range 2 {
			did, err := generateLink().Run(t.Context(), Ports{Store: m}, nil)
			if err != nil || did.Secret == nil || string(did.Secret.Data[v2alpha1.SecretKeyCA]) != string(ca.Cert) {
				t.Fatal(err)
			}
		}
		c := must[*v2alpha1.Certificate](t, m, "link-west")
		if c.Spec.CA != "ca" || !c.Spec.Client || c.Spec.Subject != "a.example,b.example" || c.Spec.Hosts != nil {
			t.Errorf("asked for %+v", c.Spec)
		}
		m.controller = nil
		if err := m.Delete(t.Context(), "Secret", "link-west"); err != nil {
			t.Fatal(err)
		}
		_, err := generateLink().Run(t.Context(), Ports{Store: m}, nil)
		wantKind(t, err, fault.Late, "secret link-west is not there after 1m: the certificate is not issued yet")
	})
}

// What has the name of the credential and is none is neither printed nor waited for.
func TestGenerateLinkTakesNoOtherSecret(t *testing.T) {
	caSecret, ca := authority(t, "ca")
	_, other := authority(t, "old-ca")
	secret := func(change func(*v2alpha1.Secret)) *v2alpha1.Secret {
		s := issued(t, "x", ca, true, false)
		change(s)
		return s
	}
	certificate := func(change func(*v2alpha1.CertificateSpec)) *v2alpha1.Certificate {
		c := &v2alpha1.Certificate{ObjectMeta: named("x"), Spec: v2alpha1.CertificateSpec{CA: "ca", Client: true, Subject: "a"}}
		change(&c.Spec)
		return c
	}
	as := func(name string, s *v2alpha1.Secret) *v2alpha1.Secret { s.Name = name; return s }
	keep := func(*v2alpha1.Secret) {}
	for _, tc := range []struct {
		name string
		objs []v2alpha1.Object
		kind fault.Kind
		text string
	}{
		{"good-already", []v2alpha1.Object{secret(keep)}, 0, ""},
		{"good-already-of-a-certificate", []v2alpha1.Object{secret(keep), certificate(func(*v2alpha1.CertificateSpec) {})}, 0, ""},
		{"good-for-both-uses", []v2alpha1.Object{as("x", issued(t, "y", ca, true, true))}, 0, ""},
		{"a-password", []v2alpha1.Object{secret(func(s *v2alpha1.Secret) { s.Type = "Opaque" })}, fault.Conflict, "secret x is there, and is no client certificate of authority ca: it is of type Opaque"},
		{"an-authority", []v2alpha1.Object{as("x", tlsSecret("ca", ca))}, fault.Conflict, "it is an authority itself"},
		{"for-servers", []v2alpha1.Object{issued(t, "x", ca, false, true)}, fault.Conflict, "it is for servers only"},
		{"of-another-authority", []v2alpha1.Object{issued(t, "x", other, true, false)}, fault.Conflict, "certificate signed by unknown authority"},
		{"nonsense", []v2alpha1.Object{secret(func(s *v2alpha1.Secret) { s.Data[v2alpha1.SecretKeyCert] = []byte("x") })}, fault.Conflict, "no certificate in PEM form"},
		{"without-key", []v2alpha1.Object{secret(func(s *v2alpha1.Secret) { delete(s.Data, v2alpha1.SecretKeyKey) })}, fault.Conflict, "it has no key"},
		{"a-certificate-of-another-authority", []v2alpha1.Object{secret(keep), certificate(func(c *v2alpha1.CertificateSpec) { c.CA = "old-ca" })}, fault.Conflict,
			`certificate x is there, and is of authority "old-ca", while that of the site is ca`},
		{"the-certificate-of-an-authority", []v2alpha1.Object{certificate(func(c *v2alpha1.CertificateSpec) { c.Signing = true })}, fault.Conflict, "certificate x is there, and is not for links"},
		{"the-certificate-of-a-server", []v2alpha1.Object{certificate(func(c *v2alpha1.CertificateSpec) { c.Client, c.Server = false, true })}, fault.Conflict, "certificate x is there, and is not for links"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newMemory(append(tc.objs, issuedBy("ca"), caSecret)...)
			before := m.names()
			did, err := GenerateLink{Cost: 1, Credential: "x", Generate: true, Timeout: time.Minute}.Run(t.Context(), Ports{Store: m}, nil)
			wantKind(t, err, tc.kind, tc.text)
			if (did.Secret == nil) != (err != nil) || m.names() != before {
				t.Errorf("gave %v; there were %s, there are %s", did.Secret, before, m.names())
			}
		})
	}
}

// A certificate that cannot be issued is told with its cause, and before the time is up unless it may still become so.
func TestGenerateLinkTellsWhyThereIsNoCertificate(t *testing.T) {
	caSecret, ca := authority(t, "ca")
	_, other := authority(t, "ca")
	missing := failing(v2alpha1.ConditionReady, `CA "west/ca" not found`)
	good, controlled := issued(t, "link-west", ca, true, false), issued(t, "link-west", other, true, false)
	controlled.Annotations = map[string]string{"internal.skupper.io/controlled": "true"}
	for _, tc := range []struct {
		name       string
		objs       []v2alpha1.Object
		controller func(*memory) func(v2alpha1.Object)
		delay      time.Duration
		kind       fault.Kind
		text       string
		took       time.Duration
	}{
		{"no-authority", nil, func(*memory) func(v2alpha1.Object) { return missing }, time.Second, fault.Failed, `certificate link-west cannot be issued: CA "west/ca" not found`, settle},
		{"no-authority-said-late", nil, func(*memory) func(v2alpha1.Object) { return missing }, 20 * time.Second, fault.Failed, `CA "west/ca" not found`, 20 * time.Second},
		{"pending", nil, func(*memory) func(v2alpha1.Object) {
			return func(o v2alpha1.Object) {
				v2alpha1.SetCondition(time.Now(), o, v2alpha1.ConditionReady, v2alpha1.Waiting("no authority yet"))
			}
		}, time.Second, fault.Late, "secret link-west is not there after 1m: the certificate is not issued yet: no authority yet", time.Minute},
		{"no-authority-at-first", nil, func(m *memory) func(v2alpha1.Object) {
			return func(o v2alpha1.Object) {
				missing(o)
				time.AfterFunc(time.Second, func() {
					_ = m.Create(context.Background(), caSecret)
					_ = m.Create(context.Background(), good)
				})
			}
		}, time.Second, 0, "", 2 * time.Second},
		{"of-an-authority-of-before", []v2alpha1.Object{caSecret, controlled}, nil, 0, fault.Late,
			"secret link-west is not there after 1m: the one of that name is no client certificate of authority ca: ", time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory(append(tc.objs, issuedBy("ca"))...)
				m.delay = tc.delay
				if tc.controller != nil {
					act := tc.controller(m)
					m.controller = func(o v2alpha1.Object) {
						if _, ok := o.(*v2alpha1.Certificate); ok {
							act(o)
						}
					}
				}
				start := time.Now()
				_, err := generateLink().Run(t.Context(), Ports{Store: m}, nil)
				wantKind(t, err, tc.kind, tc.text)
				if took := time.Since(start); took != tc.took {
					t.Errorf("took %v, want %v", took, tc.took)
				}
				time.Sleep(2 * time.Minute)
			})
		})
	}
}

// Who may not see the authority, or the Certificate, still has a credential made.
func TestGenerateLinkWithFewRights(t *testing.T) {
	_, ca := authority(t, "ca")
	m := newMemory(issuedBy("ca"), issued(t, "x", ca, true, false))
	m.fail["Get Certificate"] = fault.New(fault.Denied, "forbidden", "")
	verb := GenerateLink{Cost: 1, Credential: "x", Generate: true, Timeout: time.Minute}
	if did, err := verb.Run(t.Context(), Ports{Store: m}, nil); err != nil || did.Secret == nil {
		t.Errorf("got %v, %v", did.Secret, err)
	}
	m.fail["Get Secret"] = errors.New("no connection")
	_, err := verb.Run(t.Context(), Ports{Store: m}, nil)
	wantKind(t, err, fault.Failed, "look for secret x: no connection")
}
