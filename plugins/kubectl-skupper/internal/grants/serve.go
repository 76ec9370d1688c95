package grants

import (
	"context"
	"fmt"
	"net"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/grant/grantserver"
)

// server is the grant server as a part of the manager.
type server struct {
	*grantserver.Server
	store  *store
	caches cache.Cache
	opts   Options
}

var _ manager.LeaderElectionRunnable = (*server)(nil)

func newServer(mgr ctrl.Manager, o Options) (*server, error) {
	// Redemptions are no matter of the rate at which reconcilers may ask: claimants wait for them.
	conf := rest.CopyConfig(mgr.GetConfig())
	conf.QPS, conf.RateLimiter = -1, nil
	direct, err := client.New(conf, client.Options{Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper()})
	if err != nil {
		return nil, fmt.Errorf("make a client for redemptions: %w", err)
	}
	s := &store{cache: mgr.GetClient(), live: direct, write: direct, scope: o.Scope, log: o.Log, unfolded: make(chan struct{}, 1),
		byUID: map[string]client.ObjectKey{}, written: map[string]*v2alpha1.AccessGrant{},
		journals: map[string]*journal{}, dirty: map[string]bool{}}
	if err := mgr.Add(folder{s}); err != nil {
		return nil, fmt.Errorf("register what folds redemptions: %w", err)
	}
	return &server{Server: grantserver.New(s, issuer{mgr.GetClient(), direct, o.Now, new(grantserver.Signer)}, grantserver.Options{Log: o.Log, ByKey: o.Config.ByKey}),
		store: s, caches: mgr.GetCache(), opts: o}, nil
}

// NeedLeaderElection says that every replica serves.
func (*server) NeedLeaderElection() bool { return false }

// Start serves until ctx ends. It begins once all grants are known, so that none is denied that there is.
func (s *server) Start(ctx context.Context) error {
	for _, follow := range []struct {
		what      string
		kind      client.Object
		add, gone func(any)
	}{
		{"the grants", &v2alpha1.AccessGrant{}, s.store.add, s.store.remove},
		{"the redemptions", &corev1.ConfigMap{}, func(obj any) { s.store.seen(ctx, obj) }, s.store.unseen},
	} {
		stop, err := s.follow(ctx, follow.kind, follow.add, follow.gone)
		if err != nil {
			return fmt.Errorf("follow %s: %w", follow.what, err)
		}
		defer stop()
	}
	if ctx.Err() != nil {
		return nil
	}
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+strconv.Itoa(s.opts.Config.Port))
	if err != nil {
		return fmt.Errorf("open the grant server's port: %w", err)
	}
	s.opts.Log.Info().Int("port", s.opts.Config.Port).Msg("grant-server.started")
	return s.Serve(ctx, ln)
}

// follow tells of the objects of a kind that there are, and of each change, until stop is called. When it returns all that there
// were are told of, unless ctx has ended.
func (s *server) follow(ctx context.Context, kind client.Object, add, gone func(any)) (stop func(), err error) {
	informer, err := s.caches.GetInformer(ctx, kind)
	if err != nil {
		return nil, err
	}
	seen, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    add,
		UpdateFunc: func(_, obj any) { add(obj) },
		DeleteFunc: func(obj any) {
			if last, ok := obj.(toolscache.DeletedFinalStateUnknown); ok {
				obj = last.Obj
			}
			gone(obj)
		},
	})
	if err != nil {
		return nil, err
	}
	toolscache.WaitForCacheSync(ctx.Done(), seen.HasSynced)
	return func() { _ = informer.RemoveEventHandler(seen) }, nil // the cache ends as well
}
