package certificates

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

// errForeign is why a Certificate is not ready: the Secret of its name is somebody else's, and not what is wanted.
var errForeign = errors.New("secret exists but is not controlled by skupper")

// pairOf is the key pair in a Secret.
func pairOf(s *corev1.Secret) pki.Pair {
	return pki.Pair{CA: s.Data[v2alpha1.SecretKeyCA], Cert: s.Data[v2alpha1.SecretKeyCert], Key: s.Data[v2alpha1.SecretKeyKey]}
}

// controlled tells whether a Skupper controller made an object.
func controlled(annotations map[string]string) bool {
	_, ok := annotations[names.Controlled]
	return ok
}

// asked tells whether a pair is for the subject and hosts that a Certificate asks for, and has not expired. Who signed it is
// another matter, and so is whether it has begun. An authority is for the hosts that it was made for: another one for the sake of them
// would break every link.
func asked(c *v2alpha1.Certificate, p pki.Pair, now time.Time) bool {
	if len(p.CA) == 0 || len(p.Key) == 0 {
		return false
	}
	m, err := pki.Parse(p)
	if err != nil {
		return false
	}
	leaf := m.Chain[0]
	return leaf.Subject.CommonName == c.Spec.Subject && (!c.Spec.Signing || leaf.IsCA) && now.Before(leaf.NotAfter) &&
		(c.Spec.Signing || slices.Equal(hostSet(c.Spec.Hosts), hostSet(append(ips(leaf.IPAddresses), leaf.DNSNames...))))
}

// good tells whether a pair that a controller made still serves, if not yet then soon. Ca is the authority, and not looked at for one
// that signs itself.
func good(c *v2alpha1.Certificate, p, ca pki.Pair, now time.Time) bool {
	switch {
	case !asked(c, p, now):
		return false
	case c.Spec.Signing:
		return true
	}
	return sameCert(p.CA, ca.Cert) && pki.Verify(p, valid(p, now)) == nil && pki.RenewAt(p.Cert, now).After(now)
}

// valid is the first instant from now on at which a pair and its authority have begun.
func valid(p pki.Pair, now time.Time) time.Time {
	m, err := pki.Parse(p)
	if err != nil {
		return now
	}
	for _, c := range slices.Concat(m.Chain[:1], m.Authorities) {
		if c.NotBefore.After(now) {
			now = c.NotBefore
		}
	}
	return now
}

// begun says of a pair that is as it should be that it is not valid yet. It is kept: most likely the clock here is behind, and another
// one in its place would end what trusts it, also after the clock is right.
func begun(p pki.Pair, now time.Time) error {
	if at := valid(p, now); at.After(now) {
		return fmt.Errorf("the certificate, or its authority, is valid only from %s: check the clock of the controller's node", at.UTC().Format(time.RFC3339))
	}
	return nil
}

// unfit says why what was just made does not serve. It is not written: it would be made again without end.
func unfit(c *v2alpha1.Certificate, p pki.Pair, now time.Time) error {
	err := pki.Verify(p, valid(p, now))
	if err == nil {
		err = errors.New("what it signs is not as asked for")
	}
	if c.Spec.Signing {
		return fmt.Errorf("no authority can be made for subject %q: %w", c.Spec.Subject, err)
	}
	return fmt.Errorf("the authority %q cannot sign for these hosts: %w", c.Spec.CA, err)
}

// sameCert tells whether two PEM texts begin with the same certificate, however they are written.
func sameCert(a, b []byte) bool {
	x, err := pki.ParseCerts(a)
	if err != nil {
		return false
	}
	y, err := pki.ParseCerts(b)
	return err == nil && bytes.Equal(x[0].Raw, y[0].Raw)
}

// hostSet is hosts in order, each once, addresses in one form.
func hostSet(hosts []string) []string {
	out := []string{}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			h = ip.String()
		}
		if h != "" {
			out = append(out, h)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func ips(list []net.IP) (out []string) {
	for _, ip := range list {
		out = append(out, ip.String())
	}
	return out
}

// issue makes the pair that a Certificate asks for.
func issue(c *v2alpha1.Certificate, ca pki.Pair, now time.Time) (pki.Pair, error) {
	if c.Spec.Signing {
		return pki.NewCA(c.Spec.Subject, now, c.Spec.Hosts...)
	}
	// One for a server is for a client as well: routers of one site use the certificate of their listeners to connect to
	// each other.
	return pki.Issue(ca, pki.Request{Subject: c.Spec.Subject, Hosts: c.Spec.Hosts, Client: c.Spec.Client && !c.Spec.Server}, now)
}
