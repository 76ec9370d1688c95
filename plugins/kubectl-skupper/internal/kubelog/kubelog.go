// Package kubelog has the libraries of Kubernetes log in the form of the program.
package kubelog

import (
	"fmt"

	"github.com/go-logr/logr"
	"github.com/rs/zerolog"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/skupper-plugins/suite/shared/logs"
)

// sink writes what the libraries of Kubernetes log with our logger.
type sink struct {
	log  zerolog.Logger
	name string
}

// Logr is a logger for those libraries.
func Logr(log zerolog.Logger) logr.Logger { return logr.New(sink{log: log}) }

// Set has all of those libraries log with our logger: controller-runtime, and client-go with its elections and watches, which
// would write lines of their own form to standard error. To be called once, before anything else of theirs.
func Set(log zerolog.Logger) {
	logger := Logr(log)
	ctrllog.SetLogger(logger)
	klog.SetLogger(logger.WithName("client-go")) // klog itself keeps back what is too much: requests and their bodies
}

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
