package router

import (
	"fmt"
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

// levels are the words in expressions for levels.
var levels = map[string]zerolog.Level{
	"trace": zerolog.TraceLevel, "debug": zerolog.DebugLevel, "info": zerolog.InfoLevel, "notice": zerolog.InfoLevel,
	"warning": zerolog.WarnLevel, "error": zerolog.ErrorLevel, "critical": zerolog.FatalLevel, "none": zerolog.Disabled,
}

// checkEnable refuses what is no list of levels: words with commas between, each with a + for those above it.
func checkEnable(enable string) error {
	for word := range strings.SplitSeq(enable, ",") {
		name := strings.TrimSuffix(strings.TrimSpace(word), "+")
		if _, ok := levels[name]; !ok && name != "default" && name != "" {
			return refuse(400, fmt.Sprintf("%q is not a log level: want none, debug, info, warning, error, critical or default, with + for those above it", word))
		}
	}
	return nil
}

// set takes an expression such as "info+" or "debug".
func (h *levelHook) set(enable string) {
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
