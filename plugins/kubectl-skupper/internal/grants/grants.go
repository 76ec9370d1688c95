// Package grants makes AccessGrants redeemable: it gives each a code, an end and a URL, and runs the grant server at which
// other sites redeem the tokens made from them.
//
// What is counted is in the cluster before an answer is sent: first in a journal that the grants of a namespace share, soon after in
// an annotation of the grant, from which its status follows. Both are written only over the version that was read, so that any number
// of grant servers, also one that starts while another ends, count together exactly. So the server runs in every replica of the
// controller, leader or not, and its Service needs to know nothing of leaders; only folding journals into grants, and statuses, are the
// leader's business.
package grants

import (
	"fmt"
	"time"

	"github.com/rs/zerolog"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/scope"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// DefaultPort is where the grant server listens.
const DefaultPort = 9090

// Config is what whoever runs the controller says about grants. The zero value has them disabled.
type Config struct {
	Enabled bool

	// Autoconfigure exposes the grant server and makes its certificate. Without it BaseURL is set and the Secret of the
	// name Credentials is there.
	Autoconfigure bool

	BaseURL     string // HOST:PORT by which the server is reached; with Autoconfigure it is found out
	Port        int    // that the server listens on; 0: DefaultPort
	Credentials string // Secret in the controller's namespace with the server's key pair; empty: skupper-grant-server
	ByKey       bool   // grants are found by NAMESPACE/NAME too
	PodName     string // of the pod that this program runs in, for Autoconfigure
}

// Options of the reconcilers and the server.
type Options struct {
	Scope  scope.Scope
	Log    zerolog.Logger
	Own    string // namespace this controller runs in
	Config Config

	Now func() time.Time // nil: time.Now
}

func (c Config) withDefaults() Config {
	if c.Port == 0 {
		c.Port = DefaultPort
	}
	if c.Credentials == "" {
		c.Credentials = names.GrantServer
	}
	return c
}

// Check says what is wrong with the configuration.
func (c Config) Check() error {
	switch {
	case !c.Enabled:
		return nil
	case c.Port < 0 || c.Port > 65535:
		return fmt.Errorf("the grant server's port is %d, want 1 to 65535 (SKUPPER_GRANT_SERVER_PORT)", c.Port)
	case !c.Autoconfigure && c.BaseURL == "":
		return fmt.Errorf("grants are enabled, but it is not said how the grant server is reached: set SKUPPER_GRANT_SERVER_BASE_URL or SKUPPER_GRANT_SERVER_AUTOCONFIGURE")
	}
	return nil
}

const (
	workers   = 4
	eachCount = 250 * time.Millisecond // between two writes of one status for nothing but its count
	allCounts = 50                     // such writes a second, of all grants
)

// Add registers the reconcilers and the server. The manager's cache must have AccessGrants, Sites, RouterAccesses and the Secrets with key
// pairs of all namespaces in scope; and the SecuredAccesses, Certificates and Secrets of Own.
func Add(mgr ctrl.Manager, o Options) error {
	if err := o.Config.Check(); err != nil {
		return err
	}
	o.Config = o.Config.withDefaults()
	if o.Now == nil {
		o.Now = time.Now
	}
	list := func() client.ObjectList { return &v2alpha1.AccessGrantList{} }
	b := ctrl.NewControllerManagedBy(mgr).Named("grants").For(&v2alpha1.AccessGrant{}).
		Watches(&corev1.ConfigMap{}, scope.Wake(mgr.GetClient(), list)).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers})
	if !o.Config.Enabled {
		if err := b.Complete(&disabled{mgr.GetClient(), o}); err != nil {
			return fmt.Errorf("register the reconciler of disabled grants: %w", err)
		}
		return nil
	}
	where := &address{changed: make(chan event.GenericEvent, 1)}
	where.set(o.Config.BaseURL, "", waitingForServer)
	r := &reconciler{Client: mgr.GetClient(), live: mgr.GetAPIReader(), opts: o, address: where, counted: map[client.ObjectKey]time.Time{}}
	err := b.
		Watches(&v2alpha1.Site{}, handler.EnqueueRequestsFromMapFunc(r.grantsOf)).
		Watches(&v2alpha1.RouterAccess{}, handler.EnqueueRequestsFromMapFunc(r.issuedOf)).
		Watches(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.signedBy)).
		WatchesRawSource(source.Channel(where.changed, handler.EnqueueRequestsFromMapFunc(r.all))).
		Complete(r)
	if err != nil {
		return fmt.Errorf("register the grants reconciler: %w", err)
	}
	server, err := newServer(mgr, o)
	if err != nil {
		return err
	}
	if err := mgr.Add(server); err != nil {
		return fmt.Errorf("register the grant server: %w", err)
	}
	if err := addCredentials(mgr, o, where, server); err != nil {
		return err
	}
	if o.Config.Autoconfigure {
		return addAutoconfigure(mgr, o, where)
	}
	return nil
}
