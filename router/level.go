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
	"default": zerolog.InfoLevel,
}

// lowest is the lowest level in a list of levels: words with commas between, each with a + for those above it. There is none in an empty one.
func lowest(enable string) (level zerolog.Level, found bool, err error) {
	level = zerolog.Disabled
	for word := range strings.SplitSeq(enable, ",") {
		name := strings.TrimSuffix(strings.TrimSpace(word), "+")
		if name == "" {
			continue
		}
		l, ok := levels[name]
		if !ok {
			return 0, false, refuse(400, fmt.Sprintf("%q is not a log level: want none, debug, info, warning, error, critical or default, with + for those above it", word))
		}
		level, found = min(level, l), true
	}
	return level, found, nil
}

// checkEnable refuses what is no list of levels.
func checkEnable(enable string) error {
	_, _, err := lowest(enable)
	return err
}

// set takes an expression such as "info+" or "debug". One without a level, or that is none, changes nothing.
func (h *levelHook) set(enable string) {
	if l, ok, err := lowest(enable); ok && err == nil {
		h.level.Store(int32(l))
	}
}

// Run drops e when its level is too low.
func (h *levelHook) Run(e *zerolog.Event, level zerolog.Level, _ string) {
	if level < zerolog.Level(h.level.Load()) {
		e.Discard()
	}
}
