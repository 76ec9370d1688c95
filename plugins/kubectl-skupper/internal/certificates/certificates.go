// Package certificates makes Certificates come true: for each there is a Secret of the same name with the key pair.
//
// Keys are P-256: any router, adaptor or client takes such a pair, since it reaches them as files. The key of a signing
// Certificate is RSA in PKCS#1 form, the only one that the upstream controller can sign with, so that it can take a namespace
// over. Authorities that others made, and those of P-256 that the first versions made, serve here whatever their key: RSA
// (PKCS#1 or PKCS#8) or a NIST curve. The upstream controller needs the Secrets of such ones deleted first, as it makes
// them anew then.
//
// A Secret is made again when it is gone, damaged, about to expire, for other hosts or another subject than the
// Certificate says, or not signed by the authority that there is now. An authority is kept until it has expired: every link
// breaks with it. Whatever has not begun is kept too, as most likely the clock is behind. A Secret that this controller did not make is never written to: if it is as the Certificate wants it, it
// is accepted, else the status says that it is in the way.
package certificates

import (
	"fmt"
	"time"

	"github.com/rs/zerolog"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/scope"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Options of the reconciler.
type Options struct {
	Scope scope.Scope
	Log   zerolog.Logger

	// Own is the namespace this controller runs in; the Certificates of its grant server there are always in scope.
	Own string

	Now func() time.Time // nil: time.Now
}

const (
	workers = 4             // Certificates at once
	makers  = 2             // of those that sign: each takes a core for tenths of a second, which no other Certificate waits for
	resync  = 6 * time.Hour // at most until a Certificate is looked at again, whatever its age: clocks are set
	retry   = time.Minute   // until an authority that cannot be used is looked at again
)

// Add registers the reconcilers: one of Certificates that sign, and one of all others. The manager's cache must have Certificates, the Secrets with key pairs, and the ConfigMaps
// that say whose a namespace is, of all namespaces in scope and of Own.
func Add(mgr ctrl.Manager, o Options) error {
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, r := range []*reconciler{
		{name: "certificates", workers: workers},
		{name: "authorities", workers: makers, signing: true},
	} {
		r.Client, r.live, r.opts = mgr.GetClient(), mgr.GetAPIReader(), o
		err := ctrl.NewControllerManagedBy(mgr).Named(r.name).
			For(&v2alpha1.Certificate{}, builder.WithPredicates(predicate.NewPredicateFuncs(r.sees))).
			Watches(&corev1.Secret{}, handler.EnqueueRequestsFromMapFunc(r.affected)).
			Watches(&corev1.ConfigMap{}, scope.Wake(mgr.GetClient(), func() client.ObjectList { return &v2alpha1.CertificateList{} })).
			WithOptions(controller.Options{MaxConcurrentReconciles: r.workers}).
			Complete(r)
		if err != nil {
			return fmt.Errorf("register the reconciler of %s: %w", r.name, err)
		}
	}
	return nil
}
