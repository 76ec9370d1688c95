package site

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

func TestWhy(t *testing.T) {
	for text, renew := range map[string]bool{"": false, "connection refused": false, "amqp:connection:framing-error SSL Failure: certificate verify failed": true,
		"tls: failed to verify certificate: x509: certificate signed by unknown authority": true, "remote error: tls: unknown certificate authority": true} {
		l := &v2alpha1.Link{}
		l.SetOperational(v2alpha1.Waiting(Why(text)))
		if NeedsRenewal(l) != renew {
			t.Errorf("%q: %q", text, l.Status.Condition(v2alpha1.ConditionOperational).Message)
		}
		if l.SetOperational(nil); NeedsRenewal(l) {
			t.Errorf("%q: it is up", text)
		}
	}
}

func TestRenews(t *testing.T) {
	ca := func(name string) []byte {
		p, err := pki.NewCA(name, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return p.Cert
	}
	a, b := ca("a"), ca("a")
	link := func(name, creds, host string) *v2alpha1.Link {
		return &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v2alpha1.LinkSpec{TLSCredentials: creds, Endpoints: []v2alpha1.Endpoint{{Name: "edge", Host: host, Port: "1"}}}}
	}
	up := link("old", "old", "h")
	up.SetOperational(nil)
	for name, tt := range map[string]struct {
		old    *v2alpha1.Link
		ca     []byte
		renews bool
	}{
		"other-authority":  {link("old", "old", "h"), b, true},
		"same-authority":   {link("old", "old", "h"), a, false},
		"elsewhere":        {link("old", "old", "i"), b, false},
		"up":               {up, b, false},
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
