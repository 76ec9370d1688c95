package kubestore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// InstallHint is what to do in a cluster that does not know the resources.
const InstallHint = "`install` puts it there, if you may; otherwise ask an administrator"

// call is what the cluster was asked for.
type call struct {
	verb      string
	resource  schema.GroupResource
	name      string // empty for a list
	namespace string // empty for all
}

func (c call) String() string {
	if c.name == "" {
		return c.verb + " " + c.resource.String() + c.where()
	}
	return c.verb + " " + c.resource.String() + " " + c.name + c.where()
}

func (c call) where() string {
	switch {
	case c.namespace == "" && c.name != "": // of the cluster itself
		return ""
	case c.namespace == "":
		return " in all namespaces"
	}
	return " in namespace " + c.namespace
}

// Explain turns what a client of the cluster returned into a fault: what failed and what to try. Without a namespace the object
// is one of the cluster itself; without a name either it is about those of all namespaces.
func Explain(ctx context.Context, verb string, resource schema.GroupResource, name, namespace string, err error) error {
	return explain(ctx, call{verb, resource, name, namespace}, err)
}

// explain turns what a client of the cluster returned into a fault: what failed and what to try. What was asked for is in it
// only where that matters, as verbs say it too. The end of ctx stays what it is.
func explain(ctx context.Context, c call, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("%s: %w", c, ended)
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return refused(c, status.Status(), err)
	}
	return unreachable(err)
}

// refused explains an answer of the API server.
func refused(c call, s metav1.Status, err error) error {
	switch {
	case apierrors.IsNotFound(err) && hasCause(s, metav1.CauseTypeUnexpectedServerResponse):
		return unknownKind(c)
	case apierrors.IsNotFound(err) && s.Details != nil && s.Details.Kind == "namespaces":
		return fault.New(fault.Missing, "there is no namespace "+c.namespace, "`kubectl create namespace "+c.namespace+"`")
	case apierrors.IsNotFound(err):
		return fault.New(fault.Missing, fmt.Sprintf("%s %q not found%s", c.resource, c.name, c.where()), "")
	case apierrors.IsAlreadyExists(err):
		return fault.New(fault.Conflict, fmt.Sprintf("%s %q exists already%s", c.resource, c.name, c.where()), "")
	case apierrors.IsConflict(err):
		return fault.New(fault.Conflict, fmt.Sprintf("%s: somebody else changed it meanwhile", c), "try again")
	case apierrors.IsUnauthorized(err):
		return fault.New(fault.Denied, "the cluster does not accept your credentials; they may have expired",
			"log in to the cluster again; `kubectl auth whoami` shows who you are there")
	case hasCause(s, "NamespaceTerminating"):
		return fault.New(fault.Conflict, "namespace "+c.namespace+" is being deleted", "wait until it is gone, or use another --namespace")
	case apierrors.IsForbidden(err) && s.Details != nil && s.Details.Kind != "" && !forbids(s):
		return fault.Wrap(fault.Denied, fmt.Sprintf("you have no right to %s", c), errors.New(said(s)), c.rightHint())
	case (apierrors.IsInvalid(err) || apierrors.IsBadRequest(err)) && !forbids(s):
		return fault.New(fault.Usage, said(s), "")
	case apierrors.IsTimeout(err), apierrors.IsServerTimeout(err), apierrors.IsTooManyRequests(err), apierrors.IsServiceUnavailable(err), apierrors.IsInternalError(err):
		return fault.Wrap(fault.Failed, fmt.Sprintf("%s: the cluster has trouble", c), errors.New(said(s)), "try again")
	}
	if apierrors.IsForbidden(err) || forbids(s) { // a webhook, a policy or a quota
		return fault.Wrap(fault.Denied, fmt.Sprintf("%s: a rule of the cluster forbids it", c), errors.New(said(s)), "change what it asks for, or ask whoever made the rule")
	}
	return fault.Wrap(fault.Failed, fmt.Sprintf("%s: the cluster refuses", c), errors.New(said(s)), "")
}

// forbids tells that a rule of admission forbids a request that the user may make and that is right in itself. They answer with the
// codes and reasons of other troubles, and only in other words.
func forbids(s metav1.Status) bool {
	return strings.Contains(s.Message, "exceeded quota") || strings.Contains(s.Message, "denied request") || strings.Contains(s.Message, "denied the request")
}

// said is the server's own words, shortened: a webhook may say anything.
func said(s metav1.Status) string {
	const most = 1000 // octets
	text := strings.ToValidUTF8(strings.TrimSpace(s.Message), "")
	switch {
	case text == "":
		return fmt.Sprintf("it answered with code %d", s.Code)
	case len(text) > most:
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

func hasCause(s metav1.Status, cause metav1.CauseType) bool {
	if s.Details == nil {
		return false
	}
	for _, c := range s.Details.Causes {
		if c.Type == cause {
			return true
		}
	}
	return false
}

// unknownKind is a fault.Usage, as site.Store has it of a kind that does not exist, and a fault.ErrUnknownKind, as it is the cluster
// that has it not.
func unknownKind(c call) error {
	f := fault.New(fault.Usage, fmt.Sprintf("the cluster does not know %s", c.resource), "")
	if c.resource.Group == v2alpha1.Group {
		f.Msg, f.Hint = f.Msg+": Skupper v2 is not installed in it, or only an older version", InstallHint
	}
	return fault.Mark(f, fault.ErrUnknownKind)
}

func (c call) rightHint() string {
	verb, _, _ := strings.Cut(c.verb, " ")
	resource := c.resource.String()
	if c.verb != verb { // of the status
		resource += " --subresource status"
	}
	where := " -n " + c.namespace
	switch {
	case c.namespace == "" && c.name != "":
		where = ""
	case c.namespace == "":
		where = " -A"
	}
	return "ask an administrator for it; `kubectl auth can-i " + verb + " " + resource + where + "` tells when you have it"
}

// unreachable explains why no answer came.
func unreachable(err error) error {
	server := "the cluster"
	var asked *url.Error
	if errors.As(err, &asked) {
		if u, parseErr := url.Parse(asked.URL); parseErr == nil && u.Host != "" {
			server = "the cluster at " + u.Scheme + "://" + u.Host
		}
		err = asked.Err // its own text would show the whole address again
	}
	const look = "check the context: `kubectl config get-contexts`, `kubectl cluster-info`"
	var (
		verify *tls.CertificateVerificationError
		dial   *net.OpError
		dns    *net.DNSError
	)
	switch {
	case errors.As(err, &verify):
		return fault.Wrap(fault.Denied, "the certificate of "+server+" is not to be trusted", err, "check certificate-authority-data in the kubeconfig")
	case errors.As(err, &dns), errors.As(err, &dial), timedOut(err):
		return fault.Wrap(fault.Failed, "cannot reach "+server, err, look)
	}
	return fault.Wrap(fault.Failed, "ask "+server, err, look) // a credential plugin that failed, as a rule
}

func timedOut(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
