package site

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

func TestWhy(t *testing.T) {
	for text, renew := range map[string]bool{"": false, "connection refused": false,
		"amqp:connection:framing-error SSL Failure: certificate verify failed":                                    false, // it may be for anything
		"tls: failed to verify certificate: x509: certificate signed by unknown authority":                        true,
		"remote error: tls: unknown certificate authority":                                                        true,
		"remote error: tls: bad certificate":                                                                      true,
		"SSL Failure: error:0A000418:SSL routines::tlsv1 alert unknown ca":                                        true,
		"certificate verify failed: self-signed certificate in certificate chain":                                 true,
		"certificate verify failed: self signed certificate in certificate chain":                                 true,
		"certificate verify failed: unable to get local issuer certificate":                                       true,
		"certificate verify failed: certificate signature failure":                                                true,
		"tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2030": false,
		"remote error: tls: expired certificate":                                                                  false,
		"certificate verify failed: certificate has expired":                                                      false,
		"certificate verify failed: certificate is not yet valid":                                                 false,
		"tls: failed to verify certificate: x509: certificate is valid for unknown ca, not h":                     false,
		"x509: certificate is not valid for any names, but wanted to match h":                                     false,
		"x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs":                   false,
		"certificate verify failed: hostname mismatch":                                                            false,
		"certificate verify failed: IP address mismatch":                                                          false,
		"x509: certificate specifies an incompatible key usage":                                                   false,
	} {
		l := &v2alpha1.Link{}
		l.SetOperational(v2alpha1.Waiting(Why(text)))
		if NeedsRenewal(l) != renew {
			t.Errorf("%q: %q", text, l.Status.Condition(v2alpha1.ConditionOperational).Message)
		}
		if hinted := strings.Contains(Why(text), "redeem a new token"); hinted != (renew || strings.HasSuffix(text, "verify failed")) {
			t.Errorf("%q: advice %v", text, hinted)
		}
		if l.SetOperational(nil); NeedsRenewal(l) {
			t.Errorf("%q: it is up", text)
		}
	}
}

func TestRenews(t *testing.T) {
	ca := func(name string) []byte {
		p, err := pki.NewP256CA(name, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return p.Cert
	}
	a, b := ca("a"), ca("a")
	says := func(why error, creds string, endpoints ...v2alpha1.Endpoint) *v2alpha1.Link {
		l := &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Name: "old"}, Spec: v2alpha1.LinkSpec{TLSCredentials: creds, Endpoints: endpoints}}
		l.SetOperational(why)
		return l
	}
	edge, inter := v2alpha1.Endpoint{Name: "edge", Host: "h", Port: "1"}, v2alpha1.Endpoint{Name: "inter-router", Host: "h", Port: "2"}
	link := func(name, creds, host string) *v2alpha1.Link {
		e := edge
		e.Host = host
		l := says(v2alpha1.Waiting(Why("unknown ca")), creds, inter, e)
		l.Name = name
		return l
	}
	unset := link("old", "old", "h")
	unset.Status = v2alpha1.LinkStatus{}
	for name, tt := range map[string]struct {
		old    *v2alpha1.Link
		ca     []byte
		renews bool
	}{
		"other-authority":  {link("old", "old", "h"), b, true},
		"same-authority":   {link("old", "old", "h"), a, false},
		"elsewhere":        {link("old", "old", "i"), b, false},
		"up":               {says(nil, "old", edge, inter), b, false},
		"other-order":      {says(v2alpha1.Waiting(Why("unknown ca")), "old", edge, inter), b, true},
		"one-less":         {says(v2alpha1.Waiting(Why("unknown ca")), "old", edge), b, false},
		"one-more":         {says(v2alpha1.Waiting(Why("unknown ca")), "old", edge, inter, v2alpha1.Endpoint{Name: "edge", Host: "i", Port: "1"}), b, false},
		"nowhere":          {says(v2alpha1.Waiting(Why("unknown ca")), "old"), b, false},
		"unreachable":      {says(v2alpha1.Waiting(Why("connection refused")), "old", edge, inter), b, false},
		"expired":          {says(v2alpha1.Waiting(Why("x509: certificate has expired")), "old", edge, inter), b, false},
		"not-known":        {unset, b, false},
		"itself":           {link("new", "old", "h"), b, false},
		"same-credentials": {link("old", "new", "h"), b, false},
		"no-credentials":   {link("old", "", "h"), b, false},
		"no-authority":     {link("old", "old", "h"), nil, false},
	} {
		if got := Renews(link("new", "new", "h"), tt.old, a, tt.ca); got != tt.renews {
			t.Errorf("%s: %v", name, got)
		}
	}
}
