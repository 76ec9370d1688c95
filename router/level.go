package router

import (
	"strings"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/config"
)

// levelHook drops log events below a level that can be changed while the router runs.
type levelHook struct{ level atomic.Int32 }

func newLevelHook(logs []config.Log) *levelHook {
	h := &levelHook{}
	h.level.Store(int32(zerolog.InfoLevel))
	for _, l := range logs {
		if l.Module == "DEFAULT" {
			h.set(l.Enable)
		}
	}
	return h
}

// set takes an expression such as "info+" or "debug".
func (h *levelHook) set(enable string) {
	levels := map[string]zerolog.Level{
		"trace": zerolog.TraceLevel, "debug": zerolog.DebugLevel, "info": zerolog.InfoLevel, "notice": zerolog.InfoLevel,
		"warning": zerolog.WarnLevel, "error": zerolog.ErrorLevel, "critical": zerolog.FatalLevel, "none": zerolog.Disabled,
	}
	if l, ok := levels[strings.TrimSuffix(strings.TrimSpace(enable), "+")]; ok {
		h.level.Store(int32(l))
	}
}

// Run drops e when its level is too low.
func (h *levelHook) Run(e *zerolog.Event, level zerolog.Level, _ string) {
	if level < zerolog.Level(h.level.Load()) {
		e.Discard()
	}
}
