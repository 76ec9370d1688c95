//go:build kube

package kubetest

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// replaceAuthority deletes a site's authority, and waits for the next one.
func replaceAuthority(t *testing.T, ns string) {
	t.Helper()
	old := await(t, &corev1.Secret{}, ns, "skupper-site-ca", func(s *corev1.Secret) bool { return len(s.Data["tls.crt"]) > 0 }).DeepCopy()
	await(t, &v2alpha1.Certificate{}, ns, "skupper-site-ca", func(c *v2alpha1.Certificate) bool { return c.Annotations[names.Authority] != "" })
	if err := admin.Delete(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	await(t, &corev1.Secret{}, ns, "skupper-site-ca", func(s *corev1.Secret) bool { return len(s.Data["tls.crt"]) > 0 && s.UID != old.UID })
}

// TestAuthorityIsReplaced has a site say that it has another authority than those know who are linked to it.
func TestAuthorityIsReplaced(t *testing.T) {
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	if w := runningSite(t, ns, v2alpha1.SiteSpec{LinkAccess: "nodeport"}); w.Status.Message != "OK" {
		t.Errorf("message %q", w.Status.Message)
	}
	replaceAuthority(t, ns)
	await(t, &v2alpha1.Site{}, ns, "west", saysOf(v2alpha1.StatusReady, "skupper-site-ca was replaced", "token issue", "token redeem"))
	change(t, &v2alpha1.Certificate{}, ns, "skupper-site-ca", func(c *v2alpha1.Certificate) { c.Annotations[names.AuthorityReplaced] = "2020-01-02T03:04:05Z" })
	await(t, &v2alpha1.Site{}, ns, "west", saysOf(v2alpha1.StatusReady, "OK"))
}

// TestFreshTokenRenewsALink redeems a token of a site that has got another authority: the link that is of no use any more gets the new
// credentials and keeps its name and cost; one that is up is left alone.
func TestFreshTokenRenewsALink(t *testing.T) {
	for name, up := range map[string]bool{"down": false, "up": true} {
		t.Run(name, func(t *testing.T) {
			granting, claiming := newNamespace(t, base.Prefix), newNamespace(t, base.Prefix)
			newSite(t, granting)
			newSite(t, claiming)
			newToken(t, claiming, "old", newGrant(t, granting, "g1", 1), 7)
			await(t, &v2alpha1.AccessToken{}, claiming, "old", redeemed)
			newToken(t, claiming, "same", newGrant(t, granting, "g2", 1), 0) // of the same authority: another link
			await(t, &v2alpha1.AccessToken{}, claiming, "same", redeemed)
			for _, l := range []string{"old", "same"} {
				changeStatus(t, &v2alpha1.Link{}, claiming, l, func(l *v2alpha1.Link) {
					l.SetOperational(nil)
					if !up && l.Name == "old" {
						l.SetOperational(v2alpha1.Waiting(site.Why("unknown ca")))
					}
				})
			}
			replaceAuthority(t, granting)
			newToken(t, claiming, "fresh", newGrant(t, granting, "g3", 1), 1)
			await(t, &v2alpha1.AccessToken{}, claiming, "fresh", redeemed)
			l := await(t, &v2alpha1.Link{}, claiming, "old", func(*v2alpha1.Link) bool { return true })
			if up != (l.Spec.TLSCredentials == "old") || l.Spec.Cost != 7 {
				t.Errorf("got %+v", l.Spec)
			}
			if made := get(t, &v2alpha1.Link{}, claiming, "fresh"); made != up {
				t.Errorf("a link of its own: %v", made)
			}
			if left := get(t, &corev1.Secret{}, claiming, "old"); left != up {
				t.Errorf("the old credentials are there: %v", left)
			}
			if s := await(t, &v2alpha1.Link{}, claiming, "same", func(*v2alpha1.Link) bool { return true }); s.Spec.TLSCredentials != "same" {
				t.Errorf("got %+v", s.Spec)
			}
		})
	}
}

// TestNetworkStatusSaysWhyALinkIsDown has the reason in the link's status, with what to do.
func TestNetworkStatusSaysWhyALinkIsDown(t *testing.T) {
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	w := runningSite(t, ns, v2alpha1.SiteSpec{})
	create(t, &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "east"}, Spec: v2alpha1.LinkSpec{Endpoints: []v2alpha1.Endpoint{{Name: "inter-router", Host: "h", Port: "1"}}}})
	create(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: names.NetworkStatus}, Data: map[string]string{names.NetworkKey: `{"siteStatus":[{"site":{"identity":"` + string(w.UID) +
		`"},"routerStatus":[{"links":[{"name":"east","status":"down","message":"SSL Failure: tlsv1 alert unknown ca"}]}]}]}`}})
	l := await(t, &v2alpha1.Link{}, ns, "east", func(l *v2alpha1.Link) bool { return site.NeedsRenewal(l) })
	if want := "Not operational: SSL Failure: tlsv1 alert unknown ca; " + site.RenewHint; l.Status.Message != want {
		t.Errorf("got %q, want %q", l.Status.Message, want)
	}
}
