package kubestore

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/skupper-plugins/suite/shared/fault"
)

func TestExplain(t *testing.T) {
	links := schema.GroupResource{Group: "skupper.io", Resource: "links"}
	get := call{verb: "get", resource: links, name: "east", namespace: "west"}
	all := call{verb: "list", resource: links}
	refused := func(code int32, reason metav1.StatusReason, message string, causes ...metav1.StatusCause) error {
		s := metav1.Status{Code: code, Reason: reason, Message: message}
		if causes != nil {
			s.Details = &metav1.StatusDetails{Causes: causes}
		}
		return &apierrors.StatusError{ErrStatus: s}
	}
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for _, c := range []struct {
		name string
		call call
		err  error
		kind fault.Kind
		want string // the whole text
		hint string // a part of it
	}{
		{"no such object", get, apierrors.NewNotFound(links, "east"), fault.Missing, `links.skupper.io "east" not found in namespace west`, ""},
		{"no such kind", get, apierrors.NewGenericServerResponse(404, "GET", links, "east", "404 page not found", 0, true), fault.Usage,
			"the cluster does not know links.skupper.io: Skupper v2 is not installed in it, or only an older version", "`install` puts it there"},
		{"no such kind of others", call{verb: "get", resource: schema.GroupResource{Group: "apps", Resource: "deployments"}, name: "x", namespace: "y"},
			apierrors.NewGenericServerResponse(404, "GET", links, "x", "", 0, true), fault.Usage, "the cluster does not know deployments.apps", ""},
		{"no such namespace", get, apierrors.NewNotFound(schema.GroupResource{Resource: "namespaces"}, "west"), fault.Missing,
			"there is no namespace west", "kubectl create namespace west"},
		{"exists", get, apierrors.NewAlreadyExists(links, "east"), fault.Conflict, `links.skupper.io "east" exists already in namespace west`, ""},
		{"conflict", get, apierrors.NewConflict(links, "east", errors.New("x")), fault.Conflict, "get links.skupper.io east in namespace west: somebody else changed it meanwhile", "try again"},
		{"credentials", get, apierrors.NewUnauthorized("x"), fault.Denied,
			"the cluster does not accept your credentials; they may have expired", "log in"},
		{"no right", all, apierrors.NewForbidden(links, "", errors.New("no")), fault.Denied,
			"you have no right to list links.skupper.io in all namespaces: links.skupper.io is forbidden: no", "`kubectl auth can-i list links.skupper.io -A`"},
		{"no right to the status", call{verb: "update the status of", resource: links, name: "east", namespace: "west"}, apierrors.NewForbidden(links, "east", errors.New("no")), fault.Denied,
			`you have no right to update the status of links.skupper.io east in namespace west: links.skupper.io "east" is forbidden: no`,
			"`kubectl auth can-i update links.skupper.io --subresource status -n west`"},
		{"namespace ends", get, refused(403, metav1.StatusReasonForbidden, "x", metav1.StatusCause{Type: "NamespaceTerminating"}), fault.Conflict,
			"namespace west is being deleted", "another --namespace"},
		{"webhook", get, refused(403, metav1.StatusReasonForbidden, `admission webhook "x" denied the request: too many`), fault.Denied,
			`get links.skupper.io east in namespace west: a rule of the cluster forbids it: admission webhook "x" denied the request: too many`, "ask whoever made the rule"},
		{"quota", get, apierrors.NewForbidden(links, "east", errors.New("exceeded quota: few, requested: 1, used: 5, limited: 5")), fault.Denied,
			`get links.skupper.io east in namespace west: a rule of the cluster forbids it: links.skupper.io "east" is forbidden: exceeded quota: few, requested: 1, used: 5, limited: 5`, "ask whoever made the rule"},
		{"webhook that says nothing", get, refused(418, "", ""), fault.Failed, "get links.skupper.io east in namespace west: the cluster refuses: it answered with code 418", ""},
		{"invalid", get, refused(422, metav1.StatusReasonInvalid, "spec.port: Invalid value"), fault.Usage, "spec.port: Invalid value", ""},
		{"overload", get, apierrors.NewTooManyRequests("slow down", 1), fault.Failed, "get links.skupper.io east in namespace west: the cluster has trouble: slow down", "try again"},
		{"unreachable", get, &url.Error{Op: "Get", URL: "https://c.example.com:6443/apis/x?y=z", Err: dial}, fault.Failed,
			"cannot reach the cluster at https://c.example.com:6443: dial tcp: connection refused", "get-contexts"},
		{"no answer", get, &url.Error{Op: "Get", URL: "https://c", Err: context.DeadlineExceeded}, fault.Failed,
			"cannot reach the cluster at https://c: context deadline exceeded", "get-contexts"},
		{"plugin for credentials", get, &url.Error{Op: "Get", URL: "https://c", Err: errors.New("getting credentials: exec: no aws")}, fault.Failed,
			"ask the cluster at https://c: getting credentials: exec: no aws", "get-contexts"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := explain(t.Context(), c.call, c.err)
			if err.Error() != c.want || fault.KindOf(err) != c.kind || !strings.Contains(fault.Hint(err), c.hint) || c.hint == "" && fault.Hint(err) != "" {
				t.Errorf("got %v (%v, %q)\nwant %s (%v, %q)", err, fault.KindOf(err), fault.Hint(err), c.want, c.kind, c.hint)
			}
		})
	}
	if err := explain(t.Context(), get, nil); err != nil {
		t.Errorf("got %v for no error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := explain(ctx, get, dial); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after the caller has given up", err)
	}
}

// TestSaid bounds what a server can put on the screen.
func TestSaid(t *testing.T) {
	for n, want := range map[int]int{999: 999, 1000: 1000, 1001: 1000 + len("…")} {
		if got := said(metav1.Status{Message: strings.Repeat("x", n)}); len(got) != want {
			t.Errorf("of %d octets %d are left, want %d", n, len(got), want)
		}
	}
}
