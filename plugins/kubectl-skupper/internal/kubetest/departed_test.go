//go:build kube

package kubetest

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

func remove(t *testing.T, o client.Object, ns, name string) {
	t.Helper()
	o.SetNamespace(ns)
	o.SetName(name)
	if err := admin.Delete(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// TestG55AnotherSiteTakesOver deletes a site beside which there is another: the tokens of the first say so, those of the second do not.
func TestG55AnotherSiteTakesOver(t *testing.T) {
	t.Parallel()
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	f := newForeign(t, 0, nil)
	first := runningSite(t, ns, v2alpha1.SiteSpec{})
	create(t, f.token(ns, "first"))
	got := await(t, &v2alpha1.AccessToken{}, ns, "first", redeemed)
	if got.Annotations[names.RedeemedFor] != string(first.UID) {
		t.Errorf("annotations %v", got.Annotations)
	}
	create(t, &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "next"}})
	await(t, &v2alpha1.Site{}, ns, "next", saysOf(v2alpha1.StatusError, "An active site already exists in the namespace (west)"))
	remove(t, &v2alpha1.Site{}, ns, "west")
	marked := func(a *v2alpha1.AccessToken) bool {
		return a.Status.Redeemed && a.Status.StatusType == v2alpha1.StatusError && a.Status.Message == v2alpha1.MessageAlreadyRedeemedNoSite
	}
	await(t, &v2alpha1.AccessToken{}, ns, "first", marked)
	await(t, &v2alpha1.Site{}, ns, "next", (*v2alpha1.Site).IsReady)
	create(t, f.token(ns, "second"))
	await(t, &v2alpha1.AccessToken{}, ns, "second", redeemed)
	settled(t, ns)
	if a := await(t, &v2alpha1.AccessToken{}, ns, "second", redeemed); marked(a) {
		t.Errorf("got %+v", a.Status)
	}
}

// TestG19RouterAccessOfTheUser has an access of the user's own, which stays when the site goes, and leads nowhere.
func TestG19RouterAccessOfTheUser(t *testing.T) {
	t.Parallel()
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	runningSite(t, ns, v2alpha1.SiteSpec{})
	create(t, &v2alpha1.RouterAccess{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "mine"}, Spec: v2alpha1.RouterAccessSpec{AccessType: "loadbalancer",
		TLSCredentials: "mine", GenerateTLSCredentials: true, Roles: []v2alpha1.RouterAccessRole{{Name: "inter-router"}}}})
	balance(t, ns, "mine", corev1.LoadBalancerIngress{IP: "192.0.2.1"})
	await(t, &v2alpha1.RouterAccess{}, ns, "mine", func(ra *v2alpha1.RouterAccess) bool { return len(ra.Status.Endpoints) == 1 })
	remove(t, &v2alpha1.Site{}, ns, "west")
	gone(t, &v2alpha1.SecuredAccess{}, ns, "mine") // and with it, what it owns
	await(t, &v2alpha1.RouterAccess{}, ns, "mine", func(ra *v2alpha1.RouterAccess) bool {
		return len(ra.Status.Endpoints) == 0 && ra.Status.Message == v2alpha1.MessageNoActiveSite && ra.Status.Condition(v2alpha1.ConditionResolved) == nil
	})
	settled(t, ns)
}

// TestServiceOfAListenerAndAnAccess has both want one Service: who was first keeps it, and the other gets it after that.
func TestServiceOfAListenerAndAnAccess(t *testing.T) {
	t.Parallel()
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	runningSite(t, ns, v2alpha1.SiteSpec{})
	newListener(t, ns, "l", "x")
	service := await(t, &corev1.Service{}, ns, "x", func(*corev1.Service) bool { return true })
	newAccess(t, ns, "x", "local")
	await(t, &v2alpha1.SecuredAccess{}, ns, "x", func(sa *v2alpha1.SecuredAccess) bool {
		return sa.Status.StatusType == v2alpha1.StatusError && sa.Status.Message == "Service x already exists for Listener l: rename one of them"
	})
	awaitListener(t, ns, "l", metav1.ConditionTrue, "OK")
	settled(t, ns)
	if now := await(t, &corev1.Service{}, ns, "x", func(*corev1.Service) bool { return true }); now.ResourceVersion != service.ResourceVersion {
		t.Errorf("the service was written: %+v", now)
	}
	remove(t, &v2alpha1.Listener{}, ns, "l")
	endpoints(t, ns, "x", "inter-router=x."+ns+":55671 edge=x."+ns+":45671")
	newListener(t, ns, "again", "x")
	awaitListener(t, ns, "again", metav1.ConditionFalse, "Service x already exists in namespace")
	settled(t, ns)
	noErrors(t, s)
}
