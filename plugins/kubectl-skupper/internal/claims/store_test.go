package claims

import (
	"testing"
	"time"

	"github.com/rs/zerolog"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/site"
)

const (
	ns   = "ns"
	down = "unknown ca"
)

var (
	owned = metav1.OwnerReference{APIVersion: v2alpha1.APIVersion, Kind: v2alpha1.KindSite, Name: "west", UID: "1"}
	edge  = v2alpha1.Endpoint{Name: "edge", Host: "h", Port: "1"}
	inter = v2alpha1.Endpoint{Name: "inter-router", Host: "h", Port: "2"}
)

// world is a reconciler with a cluster in which there is what was made.
func world(t *testing.T, objs ...client.Object) *reconciler {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v2alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&v2alpha1.AccessToken{}).WithObjects(objs...).Build()
	return &reconciler{Client: c, live: c, opts: Options{Log: zerolog.Nop(), Now: time.Now}, waits: map[client.ObjectKey]wait{}}
}

func oldLink(why string, endpoints ...v2alpha1.Endpoint) *v2alpha1.Link {
	l := &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "old", OwnerReferences: []metav1.OwnerReference{owned}},
		Spec: v2alpha1.LinkSpec{TLSCredentials: "old", Cost: 7, Endpoints: endpoints}}
	if l.SetOperational(nil); why != "" {
		l.SetOperational(v2alpha1.Waiting(site.Why(why)))
	}
	return l
}

// TestWhatAFreshTokenRenews is about whoever issues a token: it must not be given a link that is not its own.
func TestWhatAFreshTokenRenews(t *testing.T) {
	authority := func() []byte {
		ca, err := pki.NewP256CA("ca", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return ca.Cert
	}
	first, second := authority(), authority()
	with := func(change func(*v2alpha1.Link)) *v2alpha1.Link {
		l := oldLink(down, inter, edge)
		change(l)
		return l
	}
	for name, tt := range map[string]struct {
		old    *v2alpha1.Link
		user   client.Object // of the old credentials
		renews bool
		kept   bool // the old credentials
	}{
		"renewed":     {old: oldLink(down, inter, edge), renews: true},
		"still-used":  {old: oldLink(down, inter, edge), renews: true, kept: true, user: &v2alpha1.Connector{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "c"}, Spec: v2alpha1.ConnectorSpec{TLSCredentials: "old"}}},
		"up":          {old: oldLink("", inter, edge), kept: true},
		"unreachable": {old: oldLink("connection refused", inter, edge), kept: true},
		"expired":     {old: oldLink("x509: certificate has expired", inter, edge), kept: true},
		"one-place":   {old: oldLink(down, edge), kept: true},
		"two-places":  {old: oldLink(down, inter, edge, v2alpha1.Endpoint{Name: "edge", Host: "i", Port: "1"}), kept: true},
		"of-nobody":   {old: with(func(l *v2alpha1.Link) { l.OwnerReferences = nil }), kept: true},
		"of-another":  {old: with(func(l *v2alpha1.Link) { l.OwnerReferences[0].UID = "2" }), kept: true},
		"of-two": {old: with(func(l *v2alpha1.Link) {
			l.OwnerReferences = append(l.OwnerReferences, metav1.OwnerReference{APIVersion: "x/v1", Kind: "X", Name: "x", UID: "3"})
		}), kept: true},
		"controlled": {old: with(func(l *v2alpha1.Link) { l.Annotations = map[string]string{names.Controlled: "true"} }), kept: true},
		"managed":    {old: with(func(l *v2alpha1.Link) { l.Labels = map[string]string{managedBy: "helm"} }), kept: true},
	} {
		t.Run(name, func(t *testing.T) {
			creds := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "old", OwnerReferences: []metav1.OwnerReference{owned}}, Data: map[string][]byte{"ca.crt": first}}
			objs := []client.Object{tt.old, creds}
			if tt.user != nil {
				objs = append(objs, tt.user)
			}
			r := world(t, objs...)
			secret := &v2alpha1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "new"}, Data: map[string][]byte{"ca.crt": second}}
			fresh := &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Name: "new"}, Spec: v2alpha1.LinkSpec{TLSCredentials: "new", Endpoints: []v2alpha1.Endpoint{edge, inter}}}
			for range 2 { // the second time as after it was cut off
				if err := r.store(t.Context(), &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: "west", UID: "1"}}, ns, secret, []*v2alpha1.Link{fresh}); err != nil {
					t.Fatal(err)
				}
			}
			there := func(name string, o client.Object) bool {
				return r.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: name}, o) == nil
			}
			var old v2alpha1.Link
			if !there("old", &old) || (old.Spec.TLSCredentials == "new") != tt.renews || old.Spec.Cost != 7 {
				t.Errorf("the old link: %+v", old.Spec)
			}
			if there("new", &v2alpha1.Link{}) == tt.renews {
				t.Errorf("a link of its own: %v", !tt.renews)
			}
			if there("old", &corev1.Secret{}) != tt.kept || !there("new", &corev1.Secret{}) {
				t.Errorf("the old credentials are there: %v, want %v", !tt.kept, tt.kept)
			}
		})
	}
}

// TestAnswerDoesNotNameALinkOfAnotherToken has the site at the other end call its link like one that is there.
func TestAnswerDoesNotNameALinkOfAnotherToken(t *testing.T) {
	r := world(t, oldLink("", inter))
	secret := &v2alpha1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "new"}}
	links := []*v2alpha1.Link{{ObjectMeta: metav1.ObjectMeta{Name: "old"}, Spec: v2alpha1.LinkSpec{TLSCredentials: "new", Endpoints: []v2alpha1.Endpoint{edge}}}}
	if err := r.store(t.Context(), &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: "west", UID: "1"}}, ns, secret, links); err == nil {
		t.Error("it was taken over")
	}
	var l v2alpha1.Link
	if err := r.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "old"}, &l); err != nil || l.Spec.TLSCredentials != "old" || l.Spec.Endpoints[0] != inter {
		t.Errorf("%v, %+v", err, l.Spec)
	}
}
