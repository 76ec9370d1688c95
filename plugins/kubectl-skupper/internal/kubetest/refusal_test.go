//go:build kube

package kubetest

import (
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// TestRestrictedNamespace has a namespace that refuses pods which may do more than they need to.
func TestRestrictedNamespace(t *testing.T) {
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	change(t, &corev1.Namespace{}, "", ns, func(n *corev1.Namespace) { n.Labels["pod-security.kubernetes.io/enforce"] = "restricted" })
	create(t, &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "west"}})
	d := await(t, &appsv1.Deployment{}, ns, names.Router, func(*appsv1.Deployment) bool { return true })
	await(t, &corev1.ServiceAccount{}, ns, names.Router, func(*corev1.ServiceAccount) bool { return true })
	refused := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "refused"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i"}}}}
	if err := admin.Create(t.Context(), refused); !apierrors.IsForbidden(err) {
		t.Fatalf("the namespace takes any pod: %v", err)
	}
	create(t, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "router", Labels: d.Spec.Template.Labels}, Spec: d.Spec.Template.Spec})
}

func newListener(t *testing.T, ns, name, host string) {
	t.Helper()
	create(t, &v2alpha1.Listener{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}, Spec: v2alpha1.ListenerSpec{RoutingKey: name, Host: host, Port: 80, ExposePodsByName: true}})
}

// awaitListener waits until a listener is configured or not, and says something.
func awaitListener(t *testing.T, ns, name string, configured metav1.ConditionStatus, parts ...string) {
	t.Helper()
	await(t, &v2alpha1.Listener{}, ns, name, func(l *v2alpha1.Listener) bool {
		c := l.Status.Condition(v2alpha1.ConditionConfigured)
		return c != nil && c.Status == configured && !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(c.Message, p) })
	})
}

// TestServiceIsRefused has services that the server does not take: their listeners say so, and the others work.
func TestServiceIsRefused(t *testing.T) {
	t.Parallel()
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	site := runningSite(t, ns, v2alpha1.SiteSpec{})
	newListener(t, ns, "k", "good")
	newListener(t, ns, "bad", "1backend")
	awaitListener(t, ns, "bad", metav1.ConditionFalse, "create Service "+ns+"/1backend: ", "metadata.name")
	awaitListener(t, ns, "k", metav1.ConditionTrue, "OK")
	create(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: names.NetworkStatus},
		Data: map[string]string{names.NetworkKey: strings.ReplaceAll(networkOf(site), "k.pod-1", "k.1-pod")}})
	awaitListener(t, ns, "k", metav1.ConditionTrue, "pod 1-pod cannot be reached by its name: create Service "+ns+"/1-pod: ")
	settled(t, ns)
	change(t, &v2alpha1.Listener{}, ns, "bad", func(l *v2alpha1.Listener) { l.Spec.Host = "backend" })
	awaitListener(t, ns, "bad", metav1.ConditionTrue, "OK")

	none := corev1.ResourceList{corev1.ResourceServices: resource.MustParse("0")}
	create(t, &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "few"}, Spec: corev1.ResourceQuotaSpec{Hard: none}})
	changeStatus(t, &corev1.ResourceQuota{}, ns, "few", func(q *corev1.ResourceQuota) { q.Status = corev1.ResourceQuotaStatus{Hard: none, Used: none} })
	newListener(t, ns, "late", "late")
	awaitListener(t, ns, "late", metav1.ConditionFalse, "few") // of the quota, be it known yet how much is used or not
	if err := admin.Delete(t.Context(), &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "few"}}); err != nil {
		t.Fatal(err)
	}
	awaitListener(t, ns, "late", metav1.ConditionTrue, "OK") // though nothing of the site's has changed
	await(t, &corev1.Service{}, ns, "late", func(*corev1.Service) bool { return true })
}

// TestDeploymentIsRefused has a size that no pod can have: the site says so until it can.
func TestDeploymentIsRefused(t *testing.T) {
	t.Parallel()
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	size := s.Prefix + "odd"
	create(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.Own, Name: size, Labels: map[string]string{names.SiteSizing: size}},
		Data: map[string]string{"router-memory-request": "2Gi", "router-memory-limit": "1Gi"}})
	runningSite(t, ns, v2alpha1.SiteSpec{})
	change(t, &v2alpha1.Site{}, ns, "west", func(s *v2alpha1.Site) { s.Spec.Settings = map[string]string{"size": size} })
	site := await(t, &v2alpha1.Site{}, ns, "west", saysOf(v2alpha1.StatusError, "apply Deployment "+ns+"/skupper-router: ", "memory"))
	if c := site.Status.Condition(v2alpha1.ConditionConfigured); c.Status != metav1.ConditionFalse || !site.Status.IsTrue(v2alpha1.ConditionRunning) {
		t.Errorf("got %+v", site.Status)
	}
	settled(t, ns)
	change(t, &corev1.ConfigMap{}, s.Own, size, func(m *corev1.ConfigMap) { m.Data["router-memory-limit"] = "3Gi" })
	await(t, &v2alpha1.Site{}, ns, "west", func(s *v2alpha1.Site) bool { return s.IsReady() && s.Status.Message == "OK" })
}
