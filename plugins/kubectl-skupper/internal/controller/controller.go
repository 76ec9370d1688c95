// Package controller puts the reconcilers together into one program: caches, leader election, metrics, health.
package controller

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/access"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/certificates"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/claims"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/grants"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/kubelog"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/namespace"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/scope"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/logs"
)

// Times of the election. A controller that is stopped gives the lease back, so that the next one starts at once; one that
// dies without a word is followed after lease.
const (
	lease = 15 * time.Second
	renew = 10 * time.Second
	retry = 2 * time.Second
)

// stopTime is how long the reconcilers have to end what they are at.
const stopTime = 5 * time.Second

// Run runs the controller until ctx ends.
func Run(ctx context.Context, o Options, version string, log zerolog.Logger) error {
	level := &Level{}
	log = log.Hook(level)
	kubelog.Set(log)
	cfg, err := cluster(&o, version)
	if err != nil {
		return err
	}
	if err := answered(ctx, cfg, o.Health, log); err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v2alpha1.AddToScheme(scheme)); err != nil {
		return fmt.Errorf("put the kinds together: %w", err)
	}
	direct, err := client.New(cfg, client.Options{Scheme: scheme})
	if err != nil {
		return fmt.Errorf("reach the cluster: %w", err)
	}
	if o.Name, err = nameOf(ctx, direct, o); err != nil {
		return err
	}
	caches, err := cached(o)
	if err != nil {
		return err
	}
	mgr, err := ctrl.NewManager(cfg, manager(o, scheme, caches))
	if err != nil {
		return fmt.Errorf("make the controller: %w", err)
	}
	if err := assemble(ctx, mgr, o, version, level, log); err != nil {
		return err
	}
	log.Info().Str("controller", o.Namespace+"/"+o.Name).Str("version", version).Str("watch", o.WatchNamespace).Msg("controller starts")
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("run the controller: %w", err)
	}
	return nil
}

func manager(o Options, scheme *runtime.Scheme, caches cache.Options) ctrl.Options {
	long, middle, short, stop := lease, renew, retry, stopTime
	yes := true
	out := ctrl.Options{Scheme: scheme, Cache: caches, HealthProbeBindAddress: orNone(o.Health),
		Metrics:        metricsserver.Options{BindAddress: orNone(o.Metrics)},
		LeaderElection: o.Elect, LeaderElectionID: o.Name, LeaderElectionNamespace: o.Namespace, LeaderElectionReleaseOnCancel: true,
		LeaseDuration: &long, RenewDeadline: &middle, RetryPeriod: &short, GracefulShutdownTimeout: &stop}
	// Names are checked for uniqueness in the whole process, which is of no use to a program that runs one controller.
	out.Controller.SkipNameValidation = &yes
	return out
}

func orNone(address string) string {
	if address == "" {
		return "0"
	}
	return address
}

func optionsFor(elected bool) controller.Options {
	return controller.Options{NeedLeaderElection: &elected}
}

// assemble registers the reconcilers.
func assemble(ctx context.Context, mgr ctrl.Manager, o Options, version string, level *Level, log zerolog.Logger) error {
	multiKey, err := knows(mgr.GetRESTMapper(), v2alpha1.KindMultiKeyListener)
	if err != nil {
		return fmt.Errorf("ask which resources the cluster knows: %w", err)
	}
	if known, err := knows(mgr.GetRESTMapper(), v2alpha1.KindSite); err != nil || !known {
		return fmt.Errorf("the cluster does not know the resources of %s (%w); next: kubectl skupper install", v2alpha1.Group, err)
	}
	ours := scope.Control{Reader: mgr.GetClient(), Identity: o.Namespace + "/" + o.Name, Explicit: o.Explicit}
	part := func(name string) zerolog.Logger { return log.With().Str(logs.Component, name).Logger() }
	err = namespace.Add(ctx, mgr, namespace.Options{Scope: ours, Log: part("namespace"), Namespace: o.Namespace, Images: o.Images, Plain: o.Plain, Version: version,
		Controller: v2alpha1.Controller{Name: o.Name, Namespace: o.Namespace, Version: version}, AccessTypes: o.Access.Enabled, MultiKey: multiKey})
	if err != nil {
		return err
	}
	err = errors.Join(
		certificates.Add(mgr, certificates.Options{Scope: ours, Log: part("certificates"), Own: o.Namespace}),
		access.Add(mgr, access.Options{Scope: ours, Log: part("access"), Own: o.Namespace, Config: o.Access}),
		grants.Add(mgr, grants.Options{Scope: ours, Log: part("grants"), Own: o.Namespace, Config: o.Grants}),
		claims.Add(mgr, claims.Options{Scope: ours, Log: part("claims")}))
	if err != nil {
		return err
	}
	if err := followLevel(mgr, o.Namespace, level); err != nil {
		return err
	}
	return errors.Join(mgr.AddHealthzCheck("alive", healthz.Ping), mgr.AddReadyzCheck("caches", synced(mgr)))
}

// synced is the check whether the controller has seen all there is.
func synced(mgr ctrl.Manager) healthz.Checker {
	return func(req *http.Request) error {
		ctx, cancel := context.WithTimeout(req.Context(), time.Second)
		defer cancel()
		if !mgr.GetCache().WaitForCacheSync(ctx) {
			return errors.New("the caches are not filled yet")
		}
		return nil
	}
}

// namespaceFile says where a pod runs.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// cluster finds the cluster, and the controller's own namespace if it was not given.
func cluster(o *Options, version string) (*rest.Config, error) {
	cfg, err := clientcmd.BuildConfigFromFlags("", o.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w; next: set KUBECONFIG, or run in a pod", err)
	}
	cfg.QPS, cfg.Burst, cfg.UserAgent = o.QPS, o.Burst, names.Controller+"/"+version
	if o.Namespace == "" {
		o.Namespace = "default"
		if text, err := os.ReadFile(namespaceFile); err == nil && strings.TrimSpace(string(text)) != "" {
			o.Namespace = strings.TrimSpace(string(text))
		}
	}
	return cfg, nil
}
