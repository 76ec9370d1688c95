package controller

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/rs/zerolog"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// Level is a level of logging that can change while the program runs. The zero value is info.
type Level struct{ least atomic.Int32 }

// Run drops what is below the level.
func (l *Level) Run(e *zerolog.Event, level zerolog.Level, _ string) {
	if level < zerolog.Level(l.least.Load())+zerolog.InfoLevel {
		e.Discard()
	}
}

// set takes a word of the ConfigMap; what is none means info.
func (l *Level) set(word string) {
	level := zerolog.InfoLevel
	switch word {
	case "debug", "DEBUG":
		level = zerolog.DebugLevel
	case "warn", "WARN":
		level = zerolog.WarnLevel
	case "error", "ERROR":
		level = zerolog.ErrorLevel
	}
	l.least.Store(int32(level - zerolog.InfoLevel))
}

// followLevel makes the level what the ConfigMap in the controller's namespace says.
func followLevel(mgr ctrl.Manager, namespace string, level *Level) error {
	key := types.NamespacedName{Namespace: namespace, Name: names.LogConfig}
	no := false
	err := ctrl.NewControllerManagedBy(mgr).Named("log-level").
		For(&corev1.ConfigMap{}, builder.WithPredicates(predicate.NewPredicateFuncs(func(o client.Object) bool { return client.ObjectKeyFromObject(o) == key }))).
		WithOptions(optionsFor(no)).
		Complete(reconcile.Func(func(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
			var cm corev1.ConfigMap
			err := mgr.GetClient().Get(ctx, key, &cm)
			if err != nil && !apierrors.IsNotFound(err) {
				return reconcile.Result{}, err
			}
			level.set(cm.Data[names.LogLevelKey])
			return reconcile.Result{}, nil
		}))
	if err != nil {
		return fmt.Errorf("follow the log level: %w", err)
	}
	return nil
}
