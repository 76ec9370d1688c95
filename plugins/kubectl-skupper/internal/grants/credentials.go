package grants

import (
	"context"
	"fmt"
	"net"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

// credentials gives the server its certificate, and tells the grants where it is reached. It looks at the controller's own
// namespace only: a Secret of that name elsewhere is somebody else's. Every replica does so.
type credentials struct {
	client.Client
	opts    Options
	address *address
	server  *server
}

func addCredentials(mgr ctrl.Manager, o Options, where *address, s *server) error {
	c := &credentials{mgr.GetClient(), o, where, s}
	everyone := false
	b := ctrl.NewControllerManagedBy(mgr).Named("grant-server-credentials").
		Watches(&corev1.Secret{}, always(o), only(o.Own, o.Config.Credentials)).
		WithOptions(controller.Options{NeedLeaderElection: &everyone})
	if o.Config.Autoconfigure {
		b = b.Watches(&v2alpha1.SecuredAccess{}, always(o), only(o.Own, names.GrantServer))
	}
	if err := b.Complete(c); err != nil {
		return fmt.Errorf("register the reconciler of the grant server's credentials: %w", err)
	}
	return nil
}

// always wakes the one thing there is to look after, whatever changed.
func always(o Options) handler.EventHandler {
	return handler.EnqueueRequestsFromMapFunc(func(context.Context, client.Object) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: client.ObjectKey{Namespace: o.Own, Name: names.GrantServer}}}
	})
}

// only lets the objects of some names in one namespace pass.
func only(namespace string, allowed ...string) builder.Predicates {
	return builder.WithPredicates(predicate.NewPredicateFuncs(func(obj client.Object) bool {
		if obj.GetNamespace() != namespace {
			return false
		}
		for _, name := range allowed {
			if obj.GetName() == name {
				return true
			}
		}
		return false
	}))
}

// Reconcile takes over the certificate and the address as they are now.
func (c *credentials) Reconcile(ctx context.Context, _ ctrl.Request) (ctrl.Result, error) {
	base, problem := c.opts.Config.BaseURL, ""
	if c.opts.Config.Autoconfigure {
		var err error
		if base, problem, err = c.exposed(ctx); err != nil {
			return ctrl.Result{}, err
		}
	}
	name := c.opts.Config.Credentials
	var s corev1.Secret
	err := c.Get(ctx, client.ObjectKey{Namespace: c.opts.Own, Name: name}, &s)
	if apierrors.IsNotFound(err) {
		c.address.set(base, "", fmt.Sprintf("the grant server's Secret %s/%s is not there", c.opts.Own, name))
		return ctrl.Result{}, nil
	}
	if err != nil {
		return ctrl.Result{}, err
	}
	pair := pki.Pair{CA: s.Data[v2alpha1.SecretKeyCA], Cert: s.Data[v2alpha1.SecretKeyCert], Key: s.Data[v2alpha1.SecretKeyKey]}
	if err := c.server.SetCertificate(pair); err != nil {
		c.opts.Log.Error().Err(err).Str("secret", name).Msg("grant-server.certificate")
		c.address.set(base, "", fmt.Sprintf("the grant server cannot use the Secret %s/%s: %v", c.opts.Own, name, err))
		return ctrl.Result{}, nil
	}
	host, _, err := net.SplitHostPort(base)
	switch {
	case problem != "":
	case err != nil:
		problem = fmt.Sprintf("the grant server's address %q is not HOST:PORT", base)
	case len(pair.CA) == 0:
		problem = fmt.Sprintf("the grant server's Secret %s/%s has no ca.crt", c.opts.Own, name)
	case !pki.Covers(pair.Cert, []string{host}): // no claimant would accept it
		problem = fmt.Sprintf("the grant server's certificate is not for %s", host)
	}
	c.address.set(base, string(pair.CA), problem)
	return ctrl.Result{}, nil
}

// exposed is where the SecuredAccess of the grant server ends up, or why that is not known.
func (c *credentials) exposed(ctx context.Context) (base, problem string, err error) {
	var sa v2alpha1.SecuredAccess
	err = c.Get(ctx, client.ObjectKey{Namespace: c.opts.Own, Name: names.GrantServer}, &sa)
	switch {
	case apierrors.IsNotFound(err):
		return "", waitingForServer, nil
	case err != nil:
		return "", "", err
	case len(sa.Status.Endpoints) == 0:
		return "", fmt.Sprintf("the grant server has no address yet: %s", sa.Status.Message), nil
	}
	e := sa.Status.Endpoints[0]
	return net.JoinHostPort(e.Host, e.Port), "", nil
}
