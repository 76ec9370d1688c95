//go:build kube

package kubetest

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// newPod makes a router's pod, and newReadyPod one that is ready: there is no kubelet here.
func newPod(t *testing.T, ns, name string, status corev1.PodStatus) {
	t.Helper()
	create(t, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name, Labels: map[string]string{
		"skupper.io/component": "router", "skupper.io/type": "site", "skupper.io/group": "skupper-router"}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "router", Image: "router"}}}})
	changeStatus(t, &corev1.Pod{}, ns, name, func(p *corev1.Pod) { p.Status = status })
}

func newReadyPod(t *testing.T, ns, name string) {
	t.Helper()
	newPod(t, ns, name, corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.0.0.9", Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}})
}

// runningSite is a site with a router that is ready, in a namespace of a controller that looks after sites.
func runningSite(t *testing.T, ns string, spec v2alpha1.SiteSpec) *v2alpha1.Site {
	t.Helper()
	create(t, &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "west"}, Spec: spec})
	newReadyPod(t, ns, "first")
	return await(t, &v2alpha1.Site{}, ns, "west", (*v2alpha1.Site).IsReady)
}

func saysOf(status v2alpha1.StatusType, parts ...string) func(*v2alpha1.Site) bool {
	return func(s *v2alpha1.Site) bool {
		for _, p := range parts {
			if !strings.Contains(s.Status.Message, p) {
				return false
			}
		}
		return s.Status.StatusType == status
	}
}

// TestRolloutIsStuckBesideARouter has a router that serves, and a new pod that cannot start: the site works, and says so.
func TestRolloutIsStuckBesideARouter(t *testing.T) {
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	runningSite(t, ns, v2alpha1.SiteSpec{})
	newPod(t, ns, "second", corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{Name: "router", State: corev1.ContainerState{
		Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "no such image"}}}}})
	site := await(t, &v2alpha1.Site{}, ns, "west", saysOf(v2alpha1.StatusReady, "pod second", "ImagePullBackOff", "no such image"))
	if c := site.Status.Condition("Running"); !site.IsReady() || c.Status != metav1.ConditionTrue || c.Message != site.Status.Message {
		t.Errorf("got %+v", site.Status)
	}
	changeStatus(t, &corev1.Pod{}, ns, "second", func(p *corev1.Pod) {
		p.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/3 nodes"}}}
	})
	await(t, &v2alpha1.Site{}, ns, "west", saysOf(v2alpha1.StatusReady, "pod second", "cannot be scheduled", "0/3 nodes"))
	if err := admin.Delete(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "second"}}, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	await(t, &v2alpha1.Site{}, ns, "west", func(s *v2alpha1.Site) bool { return s.IsReady() && s.Status.Message == "OK" })
}

// TestSizeThatThereIsNot has a size that is made, and goes, after a site asked for it.
func TestSizeThatThereIsNot(t *testing.T) {
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	size := s.Prefix + "big"
	create(t, &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "west"}, Spec: v2alpha1.SiteSpec{Settings: map[string]string{"size": size}}})
	newReadyPod(t, ns, "first")
	site := await(t, &v2alpha1.Site{}, ns, "west", saysOf(v2alpha1.StatusError, `settings.size: there is no sizing called "`+size+`"`))
	if c := site.Status.Condition("Configured"); c.Status != metav1.ConditionFalse || !site.Status.IsTrue("Running") {
		t.Errorf("got %+v", site.Status)
	}
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: s.Own, Name: size, Labels: map[string]string{"skupper.io/site-sizing": size}}, Data: map[string]string{"router-cpu-limit": "1"}}
	create(t, m)
	await(t, &v2alpha1.Site{}, ns, "west", (*v2alpha1.Site).IsReady)
	if err := admin.Delete(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	await(t, &v2alpha1.Site{}, ns, "west", saysOf(v2alpha1.StatusError, "settings.size"))
}

// networkOf is what an adaptor publishes: this site, another, and a link between them. A service of the key "k" is at both ends.
func networkOf(site *v2alpha1.Site) string {
	return fmt.Sprintf(`{"addresses":[],"siteStatus":[
		{"site":{"identity":%q,"name":"west"},"routerStatus":[{"router":{"name":"0/west"},"links":[{"name":"east","status":"up","peer":"e-access"}],"routerAccess":[],"listeners":[{"name":"listener/k","address":"k"}],"connectors":[]}]},
		{"site":{"identity":"east-id","name":"east"},"routerStatus":[{"router":{"name":"0/east"},"links":[],"routerAccess":[{"identity":"e-access"}],"listeners":[],"connectors":[{"destHost":"h","address":"k"},{"destHost":"h","address":"k.pod-1"}]}]}]}`, site.UID)
}

// TestNetworkStatusThatCannotBeRead keeps what was known, says so, and goes on when it can be read again.
func TestNetworkStatusThatCannotBeRead(t *testing.T) {
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	site := runningSite(t, ns, v2alpha1.SiteSpec{})
	create(t, &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "east"}, Spec: v2alpha1.LinkSpec{Endpoints: []v2alpha1.Endpoint{{Name: "inter-router", Host: "h", Port: "1"}}}})
	create(t, &v2alpha1.Listener{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "k"}, Spec: v2alpha1.ListenerSpec{RoutingKey: "k", Host: "k", Port: 80, ExposePodsByName: true}})
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: names.NetworkStatus}, Data: map[string]string{names.NetworkKey: networkOf(site)}}
	create(t, m)
	ready := func() {
		t.Helper()
		await(t, &v2alpha1.Link{}, ns, "east", func(l *v2alpha1.Link) bool {
			return l.Status.StatusType == "Ready" && l.Status.RemoteSiteName == "east"
		})
		await(t, &v2alpha1.Listener{}, ns, "k", func(l *v2alpha1.Listener) bool { return l.Status.StatusType == "Ready" })
		await(t, &corev1.Service{}, ns, "pod-1", func(*corev1.Service) bool { return true })
	}
	ready()
	publish := func(text string) {
		change(t, &corev1.ConfigMap{}, ns, names.NetworkStatus, func(m *corev1.ConfigMap) { m.Data = map[string]string{names.NetworkKey: text} })
	}
	publish(`{"siteStatus":`)
	got := await(t, &v2alpha1.Site{}, ns, "west", saysOf(v2alpha1.StatusReady, names.NetworkStatus+" cannot be read"))
	if got.Status.SitesInNetwork != 2 {
		t.Errorf("%d sites", got.Status.SitesInNetwork)
	}
	for _, port := range []int{81, 82} { // it is looked at again
		change(t, &v2alpha1.Listener{}, ns, "k", func(l *v2alpha1.Listener) { l.Spec.Port = port })
		await(t, &corev1.Service{}, ns, "k", func(s *corev1.Service) bool { return s.Spec.Ports[0].Port == int32(port) })
	}
	ready()
	publish(networkOf(site))
	await(t, &v2alpha1.Site{}, ns, "west", func(s *v2alpha1.Site) bool { return s.Status.Message == "OK" })
	ready()
	for _, text := range []string{"network.unreadable", "network.readable"} {
		if lines := s.said().has(text); len(lines) != 1 {
			t.Errorf("%d lines with %s: %v", len(lines), text, lines)
		}
	}
}

// TestNetworkStatusThatIsGone goes with its owner, or is there without a word yet: links and services stay as they were until
// somebody says more.
func TestNetworkStatusThatIsGone(t *testing.T) {
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	site := runningSite(t, ns, v2alpha1.SiteSpec{})
	create(t, &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "east"}, Spec: v2alpha1.LinkSpec{Endpoints: []v2alpha1.Endpoint{{Name: "inter-router", Host: "h", Port: "1"}}}})
	create(t, &v2alpha1.Listener{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "k"}, Spec: v2alpha1.ListenerSpec{RoutingKey: "k", Host: "k", Port: 80, ExposePodsByName: true}})
	m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: names.NetworkStatus}, Data: map[string]string{names.NetworkKey: networkOf(site)}}
	create(t, m)
	await(t, &v2alpha1.Link{}, ns, "east", func(l *v2alpha1.Link) bool { return l.Status.StatusType == "Ready" })
	pod := await(t, &corev1.Service{}, ns, "pod-1", func(*corev1.Service) bool { return true })
	as := func() { // it was
		t.Helper()
		await(t, &v2alpha1.Site{}, ns, "west", saysOf(v2alpha1.StatusReady, "nothing in ConfigMap "+names.NetworkStatus))
		settled(t, ns)
		await(t, &v2alpha1.Link{}, ns, "east", func(l *v2alpha1.Link) bool {
			return l.Status.StatusType == "Ready" && l.Status.RemoteSiteName == "east"
		})
		await(t, &v2alpha1.Listener{}, ns, "k", func(l *v2alpha1.Listener) bool { return l.Status.StatusType == "Ready" })
		if again := await(t, &corev1.Service{}, ns, "pod-1", func(*corev1.Service) bool { return true }); again.UID != pod.UID {
			t.Error("the service of a pod went and came")
		}
	}
	if err := admin.Delete(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	as()
	create(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: names.NetworkStatus}})
	as()
	change(t, &corev1.ConfigMap{}, ns, names.NetworkStatus, func(m *corev1.ConfigMap) { m.Data = map[string]string{names.NetworkKey: networkOf(site)} })
	await(t, &v2alpha1.Site{}, ns, "west", func(s *v2alpha1.Site) bool { return s.Status.Message == "OK" })
	await(t, &v2alpha1.Link{}, ns, "east", func(l *v2alpha1.Link) bool { return l.Status.StatusType == "Ready" })
}
