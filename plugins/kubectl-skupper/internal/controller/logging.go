package controller

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/go-logr/logr"
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
	"github.com/skupper-plugins/suite/shared/logs"
)

// sink writes what the libraries of Kubernetes log with our logger.
type sink struct {
	log  zerolog.Logger
	name string
}

// newLogr is a logger for those libraries.
func newLogr(log zerolog.Logger) logr.Logger { return logr.New(sink{log: log}) }

func (s sink) Init(logr.RuntimeInfo) {}

func (s sink) Enabled(level int) bool { return level <= 1 || s.log.GetLevel() == zerolog.TraceLevel }

// Info is for people who look for something: what libraries have to say of themselves is no news.
func (s sink) Info(level int, msg string, fields ...any) {
	e := s.log.Debug()
	if level > 1 {
		e = s.log.Trace()
	}
	s.write(e, msg, fields)
}

func (s sink) Error(err error, msg string, fields ...any) {
	s.write(s.log.Error().Err(err), msg, fields)
}

func (s sink) write(e *zerolog.Event, msg string, fields []any) {
	if s.name != "" {
		e = e.Str(logs.Component, s.name)
	}
	e.Fields(texts(fields)).Msg(msg)
}

// texts makes values of types of which a logger knows nothing readable.
func texts(fields []any) []any {
	out := make([]any, 0, len(fields))
	for i, f := range fields {
		if i%2 == 1 {
			switch v := f.(type) {
			case string, bool, int, int32, int64, uint64, float64, error:
			case fmt.Stringer:
				f = v.String()
			default:
				f = fmt.Sprintf("%v", v)
			}
		}
		out = append(out, f)
	}
	return out
}

func (s sink) WithValues(fields ...any) logr.LogSink {
	s.log = s.log.With().Fields(texts(fields)).Logger()
	return s
}

func (s sink) WithName(name string) logr.LogSink {
	if s.name != "" {
		name = s.name + "." + name
	}
	s.name = name
	return s
}

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
