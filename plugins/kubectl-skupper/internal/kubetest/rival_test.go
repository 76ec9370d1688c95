//go:build kube

package kubetest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/token"
)

// settled waits until nothing in a namespace is written any more, and gives the versions of what is there.
func settled(t *testing.T, ns string) string {
	t.Helper()
	versions := func() string {
		var all []string
		for _, list := range []client.ObjectList{&v2alpha1.SiteList{}, &v2alpha1.ListenerList{}, &v2alpha1.RouterAccessList{}, &v2alpha1.SecuredAccessList{}, &v2alpha1.CertificateList{},
			&v2alpha1.LinkList{}, &corev1.ServiceList{}, &corev1.ConfigMapList{}, &corev1.SecretList{}, &appsv1.DeploymentList{}} {
			if err := admin.List(t.Context(), list, client.InNamespace(ns)); err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprintf("%T", list), items(list))
		}
		return strings.Join(all, "\n")
	}
	before := versions()
	for end := time.Now().Add(patience); ; {
		time.Sleep(quiet)
		now := versions()
		if now == before {
			return now
		}
		if time.Now().After(end) {
			t.Fatalf("it does not come to rest:\n%s\n\n%s", before, now)
		}
		before = now
	}
}

// noErrors has a controller complain of nothing.
func noErrors(t *testing.T, s setup) {
	t.Helper()
	if lines := s.said().has(`"level":"error"`); len(lines) > 0 {
		t.Errorf("errors: %v", lines)
	}
}

// TestLinkAccessOnAndOff is toggled faster than anything can follow; what is wanted last is what there is in the end.
func TestLinkAccessOnAndOff(t *testing.T) {
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	runningSite(t, ns, v2alpha1.SiteSpec{})
	for _, last := range []string{"none", "nodeport"} {
		for i := range 20 {
			access := []string{"nodeport", "local", "none", "default"}[i%4]
			change(t, &v2alpha1.Site{}, ns, "west", func(s *v2alpha1.Site) { s.Spec.LinkAccess = access })
		}
		change(t, &v2alpha1.Site{}, ns, "west", func(s *v2alpha1.Site) { s.Spec.LinkAccess = last })
		if last == "none" {
			gone(t, &v2alpha1.RouterAccess{}, ns, "skupper-router")
			await(t, &v2alpha1.Site{}, ns, "west", func(s *v2alpha1.Site) bool { return s.IsReady() && len(s.Status.Endpoints) == 0 })
			reapOrphans(t, ns)
		} else {
			await(t, &v2alpha1.Site{}, ns, "west", func(s *v2alpha1.Site) bool {
				return s.IsReady() && len(s.Status.Endpoints) == 2 && s.Status.Endpoints[0].Host == s.Status.Endpoints[1].Host
			})
		}
		await(t, &corev1.ConfigMap{}, ns, "skupper-router", func(m *corev1.ConfigMap) bool {
			c, err := config.Parse([]byte(m.Data[names.ConfigKey]))
			return err == nil && slices.ContainsFunc(c.Listeners, func(l config.Listener) bool { return l.Role == "inter-router" }) == (last != "none")
		})
		settled(t, ns)
	}
	if site := await(t, &v2alpha1.Site{}, ns, "west", (*v2alpha1.Site).IsReady); site.Status.Endpoints[0].Host != base.Access.ClusterHost {
		t.Errorf("endpoints %v", site.Status.Endpoints)
	}
	noErrors(t, s)
}

// reapOrphans does what the garbage collector of a cluster does, which is not here.
func reapOrphans(t *testing.T, ns string) {
	t.Helper()
	var list v2alpha1.SecuredAccessList
	if err := admin.List(t.Context(), &list, client.InNamespace(ns)); err != nil {
		t.Fatal(err)
	}
	for i := range list.Items {
		if err := admin.Delete(t.Context(), &list.Items[i]); client.IgnoreNotFound(err) != nil {
			t.Fatal(err)
		}
		for _, o := range []client.Object{&corev1.Service{}} {
			o.SetNamespace(ns)
			o.SetName(list.Items[i].Name)
			if err := admin.Delete(t.Context(), o); client.IgnoreNotFound(err) != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestRivalWritersConverge has somebody write into, and delete, what the controller makes, and change the resources, while it
// works. In the end all is as the resources say, nothing is written any more, and nobody was told of conflicts as errors.
func TestRivalWritersConverge(t *testing.T) {
	s := separate(true)
	start(t, s)
	ns := newNamespace(t, s.Prefix)
	runningSite(t, ns, v2alpha1.SiteSpec{LinkAccess: "nodeport"})
	for i := range 3 {
		name := fmt.Sprintf("l%d", i)
		create(t, &v2alpha1.Listener{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}, Spec: v2alpha1.ListenerSpec{RoutingKey: name, Host: name, Port: 80}})
	}
	rival := func(o client.Object, name string, edit func()) {
		t.Helper()
		if !get(t, o, ns, name) {
			return // it comes again
		}
		edit()
		if err := admin.Update(t.Context(), o); err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			t.Fatal(err)
		}
	}
	remove := func(o client.Object, name string) {
		t.Helper()
		o.SetNamespace(ns)
		o.SetName(name)
		if err := admin.Delete(t.Context(), o); client.IgnoreNotFound(err) != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		cm, svc, d, ra, lst := &corev1.ConfigMap{}, &corev1.Service{}, &appsv1.Deployment{}, &v2alpha1.RouterAccess{}, &v2alpha1.Listener{}
		rival(cm, "skupper-router", func() { cm.Data[names.ConfigKey] = strings.Repeat("x", i) })
		rival(svc, "l0", func() { svc.Spec.Selector = map[string]string{"rival": fmt.Sprint(i)} })
		rival(d, "skupper-router", func() { d.Spec.Template.Spec.Containers[0].Image = fmt.Sprintf("rival:%d", i) })
		rival(ra, "skupper-router", func() { ra.Spec.BindHost = "10.1.1.1" })
		rival(lst, "l1", func() { lst.Spec.Port = 90 + i })
		switch i % 5 {
		case 0:
			remove(&corev1.Service{}, "l2")
		case 1:
			remove(&corev1.ConfigMap{}, "skupper-router")
		case 2:
			remove(&appsv1.Deployment{}, "skupper-router")
		case 3:
			remove(&v2alpha1.RouterAccess{}, "skupper-router")
		case 4:
			remove(&corev1.Secret{}, "skupper-site-server")
		}
	}
	// What the rival wants last of a resource counts, also if the controller wrote its status at that moment.
	change(t, &v2alpha1.Listener{}, ns, "l1", func(l *v2alpha1.Listener) { l.Spec.Port = 109 })
	remove(&v2alpha1.Listener{}, "l0")
	await(t, &v2alpha1.Site{}, ns, "west", func(s *v2alpha1.Site) bool { return s.IsReady() && len(s.Status.Endpoints) == 2 })
	gone(t, &corev1.Service{}, ns, "l0")
	await(t, &corev1.ConfigMap{}, ns, "skupper-router", func(m *corev1.ConfigMap) bool {
		c, err := config.Parse([]byte(m.Data[names.ConfigKey]))
		return err == nil && len(c.TCPListeners) == 2 && slices.ContainsFunc(c.Listeners, func(l config.Listener) bool { return l.Role == "edge" && l.Host == "" })
	})
	for name, port := range map[string]int32{"l1": 109, "l2": 80} {
		await(t, &corev1.Service{}, ns, name, func(s *corev1.Service) bool {
			return s.Spec.Ports[0].Port == port && s.Spec.Selector["application"] == "skupper-router"
		})
	}
	await(t, &appsv1.Deployment{}, ns, "skupper-router", func(d *appsv1.Deployment) bool { return d.Spec.Template.Spec.Containers[0].Image == "router" })
	await(t, &v2alpha1.RouterAccess{}, ns, "skupper-router", func(ra *v2alpha1.RouterAccess) bool { return ra.Spec.BindHost == "" })
	settled(t, ns)
	noErrors(t, s)
}

// TestEverythingGoesAtOnce deletes resources while they are being looked at: what has vanished is nobody's trouble.
func TestEverythingGoesAtOnce(t *testing.T) {
	s := separate(true)
	start(t, s)
	f := newForeign(t, 0, nil)
	for round := range 5 {
		ns := newNamespace(t, s.Prefix)
		site := &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "west"}, Spec: v2alpha1.SiteSpec{LinkAccess: "nodeport"}}
		all := []client.Object{site, f.token(ns, "tok"), &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "g"}},
			&v2alpha1.Listener{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "l"}, Spec: v2alpha1.ListenerSpec{RoutingKey: "k", Host: "l", Port: 1}}}
		for _, o := range all {
			create(t, o)
		}
		if round%2 == 1 {
			await(t, &corev1.ConfigMap{}, ns, "skupper-router", func(*corev1.ConfigMap) bool { return true })
		}
		for _, o := range all {
			if err := admin.Delete(t.Context(), o); client.IgnoreNotFound(err) != nil {
				t.Fatal(err)
			}
		}
		for _, o := range []client.Object{&v2alpha1.RouterAccess{}, &v2alpha1.SecuredAccess{}, &v2alpha1.Certificate{}, &corev1.Secret{}, &corev1.Service{}, &corev1.ConfigMap{}, &appsv1.Deployment{}, &v2alpha1.Link{}} {
			if err := admin.DeleteAllOf(t.Context(), o, client.InNamespace(ns)); err != nil {
				t.Fatal(err)
			}
		}
		settled(t, ns)
	}
	noErrors(t, s)
}

// TestWrongClockOfTheGrantingSite has answers from yesterday and from tomorrow: whether a token is good its site says, not a clock.
func TestWrongClockOfTheGrantingSite(t *testing.T) {
	for name, off := range map[string]time.Duration{"behind": -24 * time.Hour, "ahead": 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			var f *foreign
			f = newForeign(t, 0, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
				f.grant(w, r.Header.Get("name"), r.Header.Get("subject"))
			})
			ns := newNamespace(t, base.Prefix)
			newSite(t, ns)
			tok := f.token(ns, "tok")
			// By the clock here it is long over, or far from it.
			tok.Annotations = map[string]string{token.AnnotationExpires: time.Now().Add(off).UTC().Format(time.RFC3339)}
			create(t, tok)
			await(t, &v2alpha1.AccessToken{}, ns, "tok", redeemed)
		})
	}
}
