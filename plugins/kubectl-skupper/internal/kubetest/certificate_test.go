//go:build kube

package kubetest

import (
	"bytes"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

func newCertificate(t *testing.T, namespace, name string, spec v2alpha1.CertificateSpec) {
	t.Helper()
	create(t, &v2alpha1.Certificate{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: spec})
}

func ready(c *v2alpha1.Certificate) bool { return c.Status.IsTrue(v2alpha1.ConditionReady) }

func says(text string) func(*v2alpha1.Certificate) bool {
	return func(c *v2alpha1.Certificate) bool {
		return c.Status.StatusType == v2alpha1.StatusError && strings.Contains(c.Status.Message, text)
	}
}

func leafOf(t *testing.T, s *corev1.Secret) *x509.Certificate {
	t.Helper()
	certs, err := pki.ParseCerts(s.Data["tls.crt"])
	if err != nil {
		t.Fatal(err)
	}
	return certs[0]
}

// TestG65CertificateOfTheCLI has the Certificate that the upstream command line makes for a static link: a subject with commas, and no
// hosts.
func TestG65CertificateOfTheCLI(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newCertificate(t, ns, "skupper-site-ca", v2alpha1.CertificateSpec{Subject: "west site CA", Signing: true})
	newCertificate(t, ns, "link-west", v2alpha1.CertificateSpec{CA: "skupper-site-ca", Client: true, Subject: "10.0.0.1,router.example,skupper-router.west"})
	c := await(t, &v2alpha1.Certificate{}, ns, "link-west", ready)
	s := await(t, &corev1.Secret{}, ns, "link-west", func(*corev1.Secret) bool { return true })
	if err := pki.Verify(pairOf(s), time.Now()); err != nil || s.Type != "kubernetes.io/tls" {
		t.Errorf("%s, %v", s.Type, err)
	}
	if leaf := leafOf(t, s); leaf.Subject.CommonName != "10.0.0.1,router.example,skupper-router.west" || len(leaf.DNSNames) != 0 {
		t.Errorf("subject %v, hosts %v", leaf.Subject, leaf.DNSNames)
	}
	if end, err := time.Parse(time.RFC3339, c.Status.Expiration); err != nil || end.Before(time.Now().AddDate(4, 0, 0)) ||
		c.Status.StatusType != v2alpha1.StatusReady || c.Status.Message != "OK" {
		t.Errorf("status %+v", c.Status)
	}
	if o := s.OwnerReferences; len(o) != 1 || o[0].UID != c.UID || s.Annotations["internal.skupper.io/controlled"] != "true" || s.Annotations["internal.skupper.io/certificate"] != "true" {
		t.Errorf("owners %v, annotations %v", o, s.Annotations)
	}
}

func TestCertificateWaitsForItsAuthority(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newCertificate(t, ns, "c", v2alpha1.CertificateSpec{CA: "later", Subject: "s"})
	await(t, &v2alpha1.Certificate{}, ns, "c", says(`CA "`+ns+`/later" not found`))
	create(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "later"}, Data: map[string][]byte{"tls.crt": []byte("x")}})
	await(t, &v2alpha1.Certificate{}, ns, "c", says("read the authority"))
	ca, err := pki.NewP256CA("mine", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	change(t, &corev1.Secret{}, ns, "later", func(s *corev1.Secret) { s.Data = secretOf(ns, "later", ca).Data })
	await(t, &v2alpha1.Certificate{}, ns, "c", ready)
}

func TestCertificateIsRepaired(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newCertificate(t, ns, "ca", v2alpha1.CertificateSpec{Subject: "CA", Signing: true})
	newCertificate(t, ns, "c", v2alpha1.CertificateSpec{CA: "ca", Subject: "s", Hosts: []string{"h"}, Server: true})
	first := await(t, &corev1.Secret{}, ns, "c", func(*corev1.Secret) bool { return true }).DeepCopy()
	other := func(s *corev1.Secret) bool {
		return !bytes.Equal(s.Data["tls.crt"], first.Data["tls.crt"]) && pki.Verify(pairOf(s), time.Now()) == nil
	}
	step := func(what string) {
		t.Helper()
		t.Log(what)
		s := await(t, &corev1.Secret{}, ns, "c", other)
		*first = *s.DeepCopy()
	}
	if err := admin.Delete(t.Context(), first.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	step("deleted")
	change(t, &corev1.Secret{}, ns, "c", func(s *corev1.Secret) {
		s.Data["tls.key"] = []byte("garbage")
		s.Annotations["internal.skupper.io/tls-profile-context"] = "[]"
	})
	step("damaged")
	if first.Annotations["internal.skupper.io/tls-profile-context"] != "[]" {
		t.Error("an annotation of somebody else is gone")
	}
	change(t, &v2alpha1.Certificate{}, ns, "c", func(c *v2alpha1.Certificate) { c.Spec.Hosts = append(c.Spec.Hosts, "192.0.2.1") })
	step("a host more")
	if leafOf(t, first).VerifyHostname("192.0.2.1") != nil {
		t.Error("not for the new host")
	}
	if err := admin.Delete(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "ca"}}); err != nil {
		t.Fatal(err)
	}
	step("authority made anew")
	if ca := await(t, &corev1.Secret{}, ns, "ca", func(*corev1.Secret) bool { return true }); !bytes.Equal(first.Data["ca.crt"], ca.Data["tls.crt"]) {
		t.Error("not signed by the new authority")
	}
	if err := admin.Delete(t.Context(), &v2alpha1.Certificate{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "c"}}); err != nil {
		t.Fatal(err)
	}
	gone(t, &corev1.Secret{}, ns, "c")
}

func TestSecretOfSomebodyElse(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	ca, err := pki.NewP256CA("mine", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	right, err := pki.Issue(ca, pki.Request{Subject: "s", Hosts: []string{"h"}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	create(t, secretOf(ns, "right", right))
	create(t, secretOf(ns, "wrong", right))
	create(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "none"}, StringData: map[string]string{"password": "x"}})
	newCertificate(t, ns, "right", v2alpha1.CertificateSpec{CA: "skupper-site-ca", Subject: "s", Hosts: []string{"h"}})
	newCertificate(t, ns, "wrong", v2alpha1.CertificateSpec{CA: "skupper-site-ca", Subject: "other", Hosts: []string{"h"}})
	newCertificate(t, ns, "none", v2alpha1.CertificateSpec{Subject: "s", Signing: true})
	await(t, &v2alpha1.Certificate{}, ns, "right", ready)
	for _, name := range []string{"wrong", "none"} {
		await(t, &v2alpha1.Certificate{}, ns, name, says("secret exists but is not controlled by skupper"))
	}
	for name, key := range map[string]string{"right": "tls.crt", "wrong": "tls.crt", "none": "password"} {
		s := await(t, &corev1.Secret{}, ns, name, func(*corev1.Secret) bool { return true })
		if len(s.Annotations) != 0 || len(s.OwnerReferences) != 0 || len(s.Data[key]) == 0 {
			t.Errorf("%s was written to: %+v", name, s)
		}
	}
}

func TestOtherNamespacesAreLeftAlone(t *testing.T) {
	t.Parallel()
	other, ours := newNamespace(t, "foreign-"), newNamespace(t, base.Prefix)
	newCertificate(t, other, "c", v2alpha1.CertificateSpec{Subject: "s", Signing: true})
	newCertificate(t, ours, "c", v2alpha1.CertificateSpec{Subject: "s", Signing: true})
	await(t, &v2alpha1.Certificate{}, ours, "c", ready) // as many events later
	if get(t, &corev1.Secret{}, other, "c") {
		t.Error("a Secret was made")
	}
}
