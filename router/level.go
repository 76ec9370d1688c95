package router

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/config"
)

// levelHook drops log events below a level that can be changed while the router runs.
type levelHook struct {
	level  atomic.Int32
	frames atomic.Bool // are wanted of all connections
	// What the levels of DEFAULT and PROTOCOL say of that.
	all, protocol atomic.Bool
}

func newLevelHook(logs []config.Log) *levelHook {
	h := &levelHook{}
	h.level.Store(int32(zerolog.InfoLevel))
	for _, l := range logs {
		h.module(l.Module, l.Enable)
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

// module takes what the log entity of a module says. Lines have one level for all modules, but for frames, which have a module of their own.
func (h *levelHook) module(name, enable string) {
	switch name {
	case "DEFAULT":
		h.set(enable)
	case "PROTOCOL":
		if l, ok, err := lowest(enable); err == nil {
			h.protocol.Store(ok && l <= zerolog.DebugLevel)
		}
	}
	h.frames.Store(h.all.Load() || h.protocol.Load())
}

// set takes an expression such as "info+" or "debug". One without a level, or that is none, changes nothing.
func (h *levelHook) set(enable string) {
	if l, ok, err := lowest(enable); ok && err == nil {
		h.level.Store(int32(l))
		h.all.Store(l == zerolog.TraceLevel)
	}
}

// Run drops e when its level is too low.
func (h *levelHook) Run(e *zerolog.Event, level zerolog.Level, _ string) {
	if level < zerolog.Level(h.level.Load()) {
		e.Discard()
	}
}
