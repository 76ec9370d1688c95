//go:build kube

package kubetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

func newAccess(t *testing.T, namespace, name, accessType string) *v2alpha1.SecuredAccess {
	t.Helper()
	sa := &v2alpha1.SecuredAccess{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: v2alpha1.SecuredAccessSpec{
		AccessType: accessType, Selector: map[string]string{"skupper.io/component": "router"}, Issuer: "skupper-site-ca", Certificate: "skupper-site-server",
		Ports: []v2alpha1.SecuredAccessPort{{Name: "inter-router", Port: 55671, TargetPort: 55671, Protocol: "TCP"}, {Name: "edge", Port: 45671, TargetPort: 45671, Protocol: "TCP"}}}}
	create(t, sa)
	return sa
}

// endpoints waits for the endpoints of an access, written NAME=HOST:PORT.
func endpoints(t *testing.T, namespace, name, want string) *v2alpha1.SecuredAccess {
	t.Helper()
	return await(t, &v2alpha1.SecuredAccess{}, namespace, name, func(sa *v2alpha1.SecuredAccess) bool {
		var got []string
		for _, e := range sa.Status.Endpoints {
			got = append(got, fmt.Sprintf("%s=%s:%s", e.Name, e.Host, e.Port))
		}
		return strings.Join(got, " ") == want && (want == "") != (sa.Status.StatusType == v2alpha1.StatusReady)
	})
}

func balance(t *testing.T, namespace, name string, in ...corev1.LoadBalancerIngress) {
	t.Helper()
	await(t, &corev1.Service{}, namespace, name, func(*corev1.Service) bool { return true })
	changeStatus(t, &corev1.Service{}, namespace, name, func(s *corev1.Service) { s.Status.LoadBalancer.Ingress = in })
}

// TestG18SiteServerCertificate follows the certificate of a site's routers, which two accesses share, through a change of the outer address.
func TestG18SiteServerCertificate(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newCertificate(t, ns, "skupper-site-ca", v2alpha1.CertificateSpec{Subject: "CA", Signing: true})
	newAccess(t, ns, "skupper-router", "")
	ca := await(t, &corev1.Secret{}, ns, "skupper-site-ca", func(*corev1.Secret) bool { return true })
	covers := func(hosts ...string) func(*corev1.Secret) bool {
		return func(s *corev1.Secret) bool {
			return pki.Covers(s.Data["tls.crt"], hosts) && pki.Verify(pki.Pair{CA: ca.Data["tls.crt"], Cert: s.Data["tls.crt"]}, time.Now()) == nil
		}
	}
	s := await(t, &corev1.Secret{}, ns, "skupper-site-server", covers("skupper-router", "skupper-router."+ns))
	if leaf := leafOf(t, s); leaf.Subject.CommonName != "skupper-router" {
		t.Errorf("subject %v", leaf.Subject)
	}
	balance(t, ns, "skupper-router", corev1.LoadBalancerIngress{IP: "192.0.2.1"})
	endpoints(t, ns, "skupper-router", "inter-router=192.0.2.1:55671 edge=192.0.2.1:45671")
	await(t, &corev1.Secret{}, ns, "skupper-site-server", covers("192.0.2.1", "skupper-router", "skupper-router."+ns))
	newAccess(t, ns, "skupper-router-2", "")
	balance(t, ns, "skupper-router-2", corev1.LoadBalancerIngress{Hostname: "second.example"})
	await(t, &corev1.Secret{}, ns, "skupper-site-server", covers("192.0.2.1", "skupper-router", "second.example", "skupper-router-2", "skupper-router-2."+ns))
	balance(t, ns, "skupper-router", corev1.LoadBalancerIngress{IP: "192.0.2.9"})
	await(t, &corev1.Secret{}, ns, "skupper-site-server", func(s *corev1.Secret) bool {
		return covers("192.0.2.9", "second.example")(s) && !pki.Covers(s.Data["tls.crt"], []string{"192.0.2.1"})
	})
	balance(t, ns, "skupper-router")
	endpoints(t, ns, "skupper-router", "")
	for _, hosts := range []string{"gw.example, 203.0.113.7", ""} { // that the user names
		change(t, &v2alpha1.SecuredAccess{}, ns, "skupper-router", func(sa *v2alpha1.SecuredAccess) {
			sa.Annotations = map[string]string{"internal.skupper.io/hosts": hosts}
		})
		await(t, &corev1.Secret{}, ns, "skupper-site-server", func(s *corev1.Secret) bool {
			return covers("skupper-router", "second.example")(s) && pki.Covers(s.Data["tls.crt"], []string{"gw.example", "203.0.113.7"}) == (hosts != "")
		})
	}
}

func TestAccessService(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	sa := newAccess(t, ns, "skupper-router", "local")
	endpoints(t, ns, "skupper-router", "inter-router=skupper-router."+ns+":55671 edge=skupper-router."+ns+":45671")
	svc := await(t, &corev1.Service{}, ns, "skupper-router", func(*corev1.Service) bool { return true })
	if svc.Spec.Type != corev1.ServiceTypeClusterIP || svc.Labels["internal.skupper.io/secured-access"] != "true" || svc.OwnerReferences[0].UID != sa.UID ||
		svc.Annotations["internal.skupper.io/controlled"] != "true" || len(svc.Spec.Ports) != 2 {
		t.Errorf("got %+v", svc)
	}
	if err := admin.Delete(t.Context(), svc); err != nil {
		t.Fatal(err)
	}
	await(t, &corev1.Service{}, ns, "skupper-router", func(s *corev1.Service) bool { return s.UID != svc.UID })
	change(t, &corev1.Service{}, ns, "skupper-router", func(s *corev1.Service) { s.Spec.Selector = map[string]string{"by": "hand"} })
	await(t, &corev1.Service{}, ns, "skupper-router", func(s *corev1.Service) bool { return s.Spec.Selector["skupper.io/component"] == "router" })
	change(t, &v2alpha1.SecuredAccess{}, ns, "skupper-router", func(sa *v2alpha1.SecuredAccess) { sa.Spec.AccessType = "nodeport" })
	svc = await(t, &corev1.Service{}, ns, "skupper-router", func(s *corev1.Service) bool { return s.Spec.Type == corev1.ServiceTypeNodePort })
	endpoints(t, ns, "skupper-router", fmt.Sprintf("inter-router=nodes.example:%d edge=nodes.example:%d", svc.Spec.Ports[0].NodePort, svc.Spec.Ports[1].NodePort))
	change(t, &v2alpha1.SecuredAccess{}, ns, "skupper-router", func(sa *v2alpha1.SecuredAccess) { sa.Spec.AccessType = "tunnel" })
	got := await(t, &v2alpha1.SecuredAccess{}, ns, "skupper-router", func(sa *v2alpha1.SecuredAccess) bool { return sa.Status.StatusType == v2alpha1.StatusError })
	if got.Status.Message != "unsupported access type" || len(got.Status.Endpoints) != 0 {
		t.Errorf("status %+v", got.Status)
	}
}

func TestAccessLeavesOthersServicesAlone(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	create(t, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "skupper-router"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}})
	newAccess(t, ns, "skupper-router", "loadbalancer")
	await(t, &v2alpha1.SecuredAccess{}, ns, "skupper-router", func(sa *v2alpha1.SecuredAccess) bool {
		return sa.Status.StatusType == v2alpha1.StatusError && strings.Contains(sa.Status.Message, "Service skupper-router exists but is not controlled by skupper")
	})
	if svc := await(t, &corev1.Service{}, ns, "skupper-router", func(*corev1.Service) bool { return true }); svc.Spec.Ports[0].Port != 80 || len(svc.Labels) != 0 {
		t.Errorf("got %+v", svc)
	}
}

func thing(apiVersion, kind string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetAPIVersion(apiVersion)
	u.SetKind(kind)
	return u
}

func there(*unstructured.Unstructured) bool { return true }

// state sets the status of an object of another project.
func state(t *testing.T, u *unstructured.Unstructured, namespace, name string, status map[string]any) {
	t.Helper()
	await(t, u, namespace, name, there)
	changeStatus(t, u, namespace, name, func(u *unstructured.Unstructured) { u.Object["status"] = status })
}

func TestAccessByRoute(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newAccess(t, ns, "skupper-router", "route")
	for _, p := range []string{"inter-router", "edge"} {
		state(t, thing("route.openshift.io/v1", "Route"), ns, "skupper-router-"+p, map[string]any{"ingress": []any{map[string]any{"host": p + ".apps"}}})
	}
	endpoints(t, ns, "skupper-router", "inter-router=inter-router.apps:443 edge=edge.apps:443")
	change(t, &v2alpha1.SecuredAccess{}, ns, "skupper-router", func(sa *v2alpha1.SecuredAccess) { sa.Spec.AccessType = "local" })
	gone(t, thing("route.openshift.io/v1", "Route"), ns, "skupper-router-edge")
	gone(t, thing("route.openshift.io/v1", "Route"), ns, "skupper-router-inter-router")
}

func TestAccessByHTTPProxy(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newAccess(t, ns, "skupper-router", "contour-http-proxy")
	endpoints(t, ns, "skupper-router", "inter-router=skupper-router-inter-router."+ns+".proxies.example:443 edge=skupper-router-edge."+ns+".proxies.example:443")
	u := await(t, thing("projectcontour.io/v1", "HTTPProxy"), ns, "skupper-router-edge", there)
	if pass, _, _ := unstructured.NestedBool(u.Object, "spec", "virtualhost", "tls", "passthrough"); !pass {
		t.Errorf("got %v", u.Object)
	}
}

func TestAccessByIngress(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newAccess(t, ns, "skupper-router", "ingress-nginx")
	in := await(t, &networkingv1.Ingress{}, ns, "skupper-router", func(*networkingv1.Ingress) bool { return true })
	if in.Annotations["nginx.ingress.kubernetes.io/ssl-passthrough"] != "true" || *in.Spec.IngressClassName != "nginx" || in.Spec.Rules[0].Host != "inter-router."+ns {
		t.Errorf("got %+v", in)
	}
	endpoints(t, ns, "skupper-router", "")
	changeStatus(t, in, ns, "skupper-router", func(in *networkingv1.Ingress) {
		in.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "192.0.2.1"}}
	})
	endpoints(t, ns, "skupper-router", "inter-router=inter-router."+ns+".192.0.2.1.nip.io:443 edge=edge."+ns+".192.0.2.1.nip.io:443")
	await(t, in, ns, "skupper-router", func(in *networkingv1.Ingress) bool {
		return in.Spec.Rules[0].Host == "inter-router."+ns+".192.0.2.1.nip.io"
	})
	change(t, &v2alpha1.SecuredAccess{}, ns, "skupper-router", func(sa *v2alpha1.SecuredAccess) { sa.Spec.AccessType = "loadbalancer" })
	gone(t, &networkingv1.Ingress{}, ns, "skupper-router")
}

func TestAccessByGateway(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t, base.Prefix)
	newAccess(t, ns, "skupper-router", "gateway")
	await(t, &v2alpha1.SecuredAccess{}, ns, "skupper-router", func(sa *v2alpha1.SecuredAccess) bool {
		return sa.Status.StatusType == v2alpha1.StatusPending && sa.Status.Message == "Gateway base domain not yet resolved"
	})
	state(t, thing("gateway.networking.k8s.io/v1", "Gateway"), base.Own, "skupper", map[string]any{"addresses": []any{map[string]any{"type": "IPAddress", "value": "192.0.2.7"}}})
	endpoints(t, ns, "skupper-router", "inter-router=skupper-router-inter-router."+ns+".192.0.2.7.nip.io:8443 edge=skupper-router-edge."+ns+".192.0.2.7.nip.io:8443")
	u := await(t, thing("gateway.networking.k8s.io/v1alpha2", "TLSRoute"), ns, "skupper-router-edge", there)
	if hosts, _, _ := unstructured.NestedStringSlice(u.Object, "spec", "hostnames"); len(hosts) != 1 || !strings.HasSuffix(hosts[0], ".192.0.2.7.nip.io") {
		t.Errorf("got %v", u.Object)
	}
}
