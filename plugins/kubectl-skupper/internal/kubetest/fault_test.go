//go:build kube

package kubetest

import (
	"bytes"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/access"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// TestFormerAccessTypesAfterRestart has a controller that never had to do with the access type whose objects another one left: the
// accesses have another type by then, or the type is enabled no more.
func TestFormerAccessTypesAfterRestart(t *testing.T) {
	t.Parallel()
	s := separate(false)
	ns := newNamespace(t, s.Prefix)
	stop := start(t, s)
	for _, name := range []string{"changed", "disabled"} {
		newAccess(t, ns, name, access.Route)
	}
	route := func() *metav1.PartialObjectMetadata {
		o := &metav1.PartialObjectMetadata{}
		o.SetGroupVersionKind(thing("route.openshift.io/v1", "Route").GroupVersionKind())
		return o
	}
	for _, name := range []string{"changed-edge", "disabled-edge", "changed-inter-router", "disabled-inter-router"} {
		await(t, route(), ns, name, func(*metav1.PartialObjectMetadata) bool { return true })
	}
	stop()
	change(t, &v2alpha1.SecuredAccess{}, ns, "changed", func(sa *v2alpha1.SecuredAccess) { sa.Spec.AccessType = access.Local })
	s.Access = access.Config{Enabled: []string{access.Local}}
	start(t, s)
	for _, name := range []string{"changed-edge", "disabled-edge", "changed-inter-router", "disabled-inter-router"} {
		gone(t, route(), ns, name)
	}
	await(t, &v2alpha1.SecuredAccess{}, ns, "disabled", func(sa *v2alpha1.SecuredAccess) bool {
		return sa.Status.Message == "unsupported access type" && len(sa.Status.Endpoints) == 0
	})
	endpoints(t, ns, "changed", "inter-router=changed."+ns+":55671 edge=changed."+ns+":45671")
}

// TestAccessTellsOfTheServersTrouble has an admission webhook that cannot be reached: nothing can be made until it can.
func TestAccessTellsOfTheServersTrouble(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	url, none := "https://127.0.0.1:1/", admissionv1.SideEffectClassNone
	hook := &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: ns}, Webhooks: []admissionv1.ValidatingWebhook{{
		Name: "nobody.there.example", ClientConfig: admissionv1.WebhookClientConfig{URL: &url}, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: ns}},
		Rules: []admissionv1.RuleWithOperations{{Operations: []admissionv1.OperationType{admissionv1.Create},
			Rule: admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"services"}}}},
	}}}
	create(t, hook)
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) { // until it is asked
		probe := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: ns, GenerateName: "probe-"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
		if err := admin.Create(t.Context(), probe); err != nil {
			t.Log(err)
			break
		}
		if time.Now().After(end) {
			t.Fatal("the webhook is not asked")
		}
	}
	newAccess(t, ns, "skupper-router", "local")
	await(t, &v2alpha1.SecuredAccess{}, ns, "skupper-router", func(sa *v2alpha1.SecuredAccess) bool {
		return sa.Status.StatusType == v2alpha1.StatusError && strings.Contains(sa.Status.Message, "nobody.there.example")
	})
	if err := admin.Delete(t.Context(), hook); err != nil {
		t.Fatal(err)
	}
	endpoints(t, ns, "skupper-router", "inter-router=skupper-router."+ns+":55671 edge=skupper-router."+ns+":45671")
}

// TestAccessLeavesAuthoritiesAlone has accesses whose certificate is the authority of the site, or somebody else's with another one.
func TestAccessLeavesAuthoritiesAlone(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	for _, name := range []string{"skupper-site-ca", "other-ca"} {
		create(t, &v2alpha1.Certificate{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Annotations: map[string]string{"internal.skupper.io/controlled": "true"}},
			Spec: v2alpha1.CertificateSpec{Subject: "CA", Signing: true}})
	}
	before := await(t, &corev1.Secret{}, ns, "skupper-site-ca", func(*corev1.Secret) bool { return true }).DeepCopy()
	newAccess(t, ns, "first", "local")
	endpoints(t, ns, "first", "inter-router=first."+ns+":55671 edge=first."+ns+":45671")
	served := await(t, &corev1.Secret{}, ns, "skupper-site-server", func(*corev1.Secret) bool { return true }).DeepCopy()
	for name, edit := range map[string]func(*v2alpha1.SecuredAccess){
		"is an authority":                          func(sa *v2alpha1.SecuredAccess) { sa.Spec.Certificate = "skupper-site-ca" },
		"for SecuredAccess first, not by \"other-": func(sa *v2alpha1.SecuredAccess) { sa.Spec.Issuer = "other-ca" },
	} {
		sa := newAccess(t, ns, "second", "local")
		change(t, &v2alpha1.SecuredAccess{}, ns, "second", edit)
		await(t, &v2alpha1.SecuredAccess{}, ns, "second", func(sa *v2alpha1.SecuredAccess) bool {
			return sa.Status.StatusType == v2alpha1.StatusError && strings.Contains(sa.Status.Message, name)
		})
		if err := admin.Delete(t.Context(), sa); err != nil {
			t.Fatal(err)
		}
	}
	if now := await(t, &corev1.Secret{}, ns, "skupper-site-ca", func(*corev1.Secret) bool { return true }); !bytes.Equal(now.Data["tls.key"], before.Data["tls.key"]) {
		t.Error("the authority is another one")
	}
	if now := await(t, &corev1.Secret{}, ns, "skupper-site-server", func(*corev1.Secret) bool { return true }); !bytes.Equal(now.Data["ca.crt"], served.Data["ca.crt"]) {
		t.Error("the server has another authority")
	}
}
