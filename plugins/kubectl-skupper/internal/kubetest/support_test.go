//go:build kube

package kubetest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

// patience bounds every wait for the controller; on a quiet machine it is milliseconds.
const patience = 2 * time.Minute

var made atomic.Int64

// newNamespace makes a namespace in the scope of the controller with that prefix.
func newNamespace(t testing.TB, prefix string) string {
	t.Helper()
	name := fmt.Sprintf("%s%d", prefix, made.Add(1))
	if err := makeNamespace(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	return name
}

func makeNamespace(ctx context.Context, name string) error {
	return admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
}

// makeServerCredentials makes the Secret of a grant server that nobody configures.
func makeServerCredentials(ctx context.Context, namespace string, hosts ...string) error {
	now := time.Now()
	ca, err := pki.NewP256CA("grant-ca", now)
	if err != nil {
		return err
	}
	p, err := pki.Issue(ca, pki.Request{Subject: "skupper-grant-server", Hosts: hosts}, now)
	if err != nil {
		return err
	}
	s := secretOf(namespace, "skupper-grant-server", p)
	if err := admin.Create(ctx, s); !apierrors.IsAlreadyExists(err) {
		return err
	}
	return admin.Update(ctx, s)
}

func secretOf(namespace, name string, p pki.Pair) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{"ca.crt": p.CA, "tls.crt": p.Cert, "tls.key": p.Key}}
}

func pairOf(s *corev1.Secret) pki.Pair {
	return pki.Pair{CA: s.Data["ca.crt"], Cert: s.Data["tls.crt"], Key: s.Data["tls.key"]}
}

func create(t testing.TB, obj client.Object) {
	t.Helper()
	if err := admin.Create(t.Context(), obj); err != nil {
		t.Fatal(err)
	}
}

// get reads an object; whether it is there is the answer.
func get(t testing.TB, obj client.Object, namespace, name string) bool {
	t.Helper()
	err := admin.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, obj)
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	return err == nil
}

// await reads an object until it is as wanted.
func await[T client.Object](t testing.TB, obj T, namespace, name string, ok func(T) bool) T {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if get(t, obj, namespace, name) && ok(obj) {
			return obj
		}
		if time.Now().After(end) {
			text, _ := json.MarshalIndent(obj, "", " ")
			t.Fatalf("%T %s/%s is not as wanted:\n%s", obj, namespace, name, text)
		}
	}
}

// gone waits until an object is not there.
func gone(t testing.TB, obj client.Object, namespace, name string) {
	t.Helper()
	for end := time.Now().Add(patience); get(t, obj, namespace, name); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%T %s/%s is still there", obj, namespace, name)
		}
	}
}

// change changes an object, whatever else changes it at the same time.
func change[T client.Object](t testing.TB, obj T, namespace, name string, edit func(T)) {
	t.Helper()
	for {
		if !get(t, obj, namespace, name) {
			t.Fatalf("%T %s/%s is not there", obj, namespace, name)
		}
		edit(obj)
		err := admin.Update(t.Context(), obj)
		if apierrors.IsConflict(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
}

// changeStatus is change of the status.
func changeStatus[T client.Object](t testing.TB, obj T, namespace, name string, edit func(T)) {
	t.Helper()
	for {
		if !get(t, obj, namespace, name) {
			t.Fatalf("%T %s/%s is not there", obj, namespace, name)
		}
		edit(obj)
		err := admin.Status().Update(t.Context(), obj)
		if apierrors.IsConflict(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
}

// newSite makes a site that is ready and can be linked to, with its authority, as the reconciler of sites would.
func newSite(t testing.TB, namespace string, groups ...string) *v2alpha1.Site {
	t.Helper()
	site := &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "site"}, Spec: v2alpha1.SiteSpec{LinkAccess: "default"}}
	create(t, site)
	create(t, &v2alpha1.Certificate{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "skupper-site-ca"},
		Spec: v2alpha1.CertificateSpec{Subject: "site CA", Signing: true}})
	await(t, &corev1.Secret{}, namespace, "skupper-site-ca", func(*corev1.Secret) bool { return true })
	if len(groups) == 0 {
		groups = []string{"skupper-router"}
	}
	changeStatus(t, site, namespace, "site", func(s *v2alpha1.Site) {
		s.SetConfigured(nil)
		s.SetRunning(nil)
		s.SetResolved(nil)
		for i, g := range groups {
			host := fmt.Sprintf("10.0.0.%d", i+1)
			s.Status.Endpoints = append(s.Status.Endpoints,
				v2alpha1.Endpoint{Name: "inter-router", Host: host, Port: "55671", Group: g},
				v2alpha1.Endpoint{Name: "edge", Host: host, Port: "45671", Group: g})
		}
	})
	return site
}

// newGrant makes a grant and waits until it is ready.
func newGrant(t *testing.T, namespace, name string, uses int) *v2alpha1.AccessGrant {
	t.Helper()
	create(t, &v2alpha1.AccessGrant{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v2alpha1.AccessGrantSpec{RedemptionsAllowed: uses, ExpirationWindow: "1h0m0s"}})
	return await(t, &v2alpha1.AccessGrant{}, namespace, name, (*v2alpha1.AccessGrant).IsReady)
}

// newToken makes the token of a grant, in another namespace.
func newToken(t *testing.T, namespace, name string, g *v2alpha1.AccessGrant, cost int) *v2alpha1.AccessToken {
	t.Helper()
	tok := &v2alpha1.AccessToken{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v2alpha1.AccessTokenSpec{URL: g.Status.URL, Code: g.Status.Code, CA: g.Status.CA, LinkCost: cost}}
	create(t, tok)
	return tok
}

func failed(t *v2alpha1.AccessToken) bool { return t.Status.StatusType == v2alpha1.StatusError }

// child is a controller in a process of its own.
type child struct {
	t   *testing.T
	cmd *exec.Cmd
	out strings.Builder
}

func startChild(t *testing.T, s setup) *child {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	if _, err := c.cmd.StdinPipe(); err != nil { // it ends with the pipe, however this process does
		t.Fatal(err)
	}
	if s.Debug {
		c.cmd.Stderr = os.Stderr
	} else {
		c.cmd.Stderr = &c.out
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.kill)
	return c
}

// kill ends it at once, wherever it is.
func (c *child) kill() {
	if c.cmd.ProcessState == nil {
		_ = c.cmd.Process.Kill() // it may have ended
		_ = c.cmd.Wait()
	}
}

func inNamespace(name string) client.ListOption { return client.InNamespace(name) }

// items are the names and versions of what a list has.
func items(list client.ObjectList) string {
	var all []string
	_ = apimeta.EachListItem(list, func(o runtime.Object) error { // it has items
		if c, ok := o.(client.Object); ok {
			all = append(all, c.GetName()+"@"+c.GetResourceVersion())
		}
		return nil
	})
	return strings.Join(all, " ")
}

// each does something with each resource of a list.
func each(list client.ObjectList, f func(v2alpha1.Object)) {
	_ = apimeta.EachListItem(list, func(o runtime.Object) error { // it has items
		if c, ok := o.(v2alpha1.Object); ok {
			f(c)
		}
		return nil
	})
}
