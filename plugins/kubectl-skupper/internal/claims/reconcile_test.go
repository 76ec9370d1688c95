package claims

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/grant/redeem"
)

// everywhere is a scope without an end.
type everywhere struct{}

func (everywhere) Controls(context.Context, string) (bool, error) { return true, nil }

// troubled is a reconciler whose API server answers some calls otherwise than it should; with a site and a token.
func troubled(t *testing.T, trouble interceptor.Funcs) (*reconciler, *v2alpha1.AccessToken) {
	t.Helper()
	tok := &v2alpha1.AccessToken{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "tok", UID: "7", Generation: 1}}
	r := world(t, tok, &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "west", UID: "1"}})
	inner, ok := r.Client.(client.WithWatch)
	if !ok {
		t.Fatalf("%T", r.Client)
	}
	r.Client = interceptor.NewClient(inner, trouble)
	r.opts.Scope, r.events = everywhere{}, &events.FakeRecorder{}
	return r, tok
}

func message(t *testing.T, r *reconciler) string {
	t.Helper()
	var tok v2alpha1.AccessToken
	if err := r.live.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "tok"}, &tok); err != nil {
		t.Fatal(err)
	}
	return tok.Status.Message
}

// TestFailureIsToldAfterAConflict has somebody else write the token while it fails: the status tells of the failure a little later,
// not when it is tried again.
func TestFailureIsToldAfterAConflict(t *testing.T) {
	conflicts := 1
	r, tok := troubled(t, interceptor.Funcs{SubResourcePatch: func(ctx context.Context, c client.Client, sub string, o client.Object, p client.Patch, opts ...client.SubResourcePatchOption) error {
		if conflicts--; conflicts >= 0 {
			return apierrors.NewConflict(schema.GroupResource{Resource: "accesstokens"}, o.GetName(), errors.New("changed"))
		}
		return c.SubResource(sub).Patch(ctx, o, p, opts...)
	}})
	if err := r.live.Get(t.Context(), client.ObjectKeyFromObject(tok), tok); err != nil {
		t.Fatal(err)
	}
	failure := fmt.Errorf("claim: %w", &redeem.Failure{Cause: grant.Unknown, Status: 404, Body: "No such claim", Final: true})
	result, err := r.fail(t.Context(), tok, failure)
	if err != nil || result.RequeueAfter > time.Second || message(t, r) != "" {
		t.Fatalf("%+v, %v, message %q", result, err, message(t, r))
	}
	for range 2 { // the second time there is nothing to write
		result, err = r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(tok)})
		if err != nil || result.RequeueAfter <= time.Second || result.RequeueAfter > longWait {
			t.Errorf("%+v, %v", result, err)
		}
	}
	if m := message(t, r); !strings.HasPrefix(m, "claim: ") {
		t.Errorf("message %q", m)
	}
	if conflicts != -1 {
		t.Errorf("%d writes of the status, want 2", 1-conflicts)
	}
}

// TestWhatCannotBeMadeIsToldOf has an API server that does not know the kind of an object that is to be made: no cache is behind.
func TestWhatCannotBeMadeIsToldOf(t *testing.T) {
	for name, kind := range map[string]client.Object{"the-links": &v2alpha1.Link{}, "the-secret": &corev1.Secret{}} {
		r, tok := troubled(t, interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if fmt.Sprintf("%T", o) == fmt.Sprintf("%T", kind) {
				return apierrors.NewNotFound(schema.GroupResource{}, "")
			}
			return c.Create(ctx, o, opts...)
		}})
		secret := &v2alpha1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "tok"}}
		links := []*v2alpha1.Link{{ObjectMeta: metav1.ObjectMeta{Name: "tok"}, Spec: v2alpha1.LinkSpec{TLSCredentials: "tok", Endpoints: []v2alpha1.Endpoint{edge}}}}
		failure := r.store(t.Context(), &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: "west", UID: "1"}}, ns, secret, links)
		if !apierrors.IsNotFound(failure) {
			t.Fatalf("%s: %v", name, failure)
		}
		if err := r.live.Get(t.Context(), client.ObjectKeyFromObject(tok), tok); err != nil {
			t.Fatal(err)
		}
		for i, pause := range []time.Duration{firstWait, 2 * firstWait} {
			if result, err := r.fail(t.Context(), tok, failure); err != nil || result.RequeueAfter != pause {
				t.Errorf("%s: %d: %+v, %v", name, i, result, err)
			}
		}
		if m := message(t, r); !strings.Contains(m, "could not create") {
			t.Errorf("%s: message %q", name, m)
		}
		err := r.journalOf(tok).refuse(t.Context(), "why")
		if result, ended := behind(err); (ended != nil) != (name == "the-secret") || result.RequeueAfter != 0 {
			t.Errorf("%s: a journal: %+v, %v", name, result, ended)
		}
	}
	// What is gone is.
	if result, err := behind(apierrors.NewNotFound(schema.GroupResource{}, "tok")); err != nil || result.RequeueAfter == 0 {
		t.Errorf("%+v, %v", result, err)
	}
}
