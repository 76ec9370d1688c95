package router

import (
	"testing"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router/config"
)

// TestLogLevels: of a list the lowest level counts, "default" is a level too, and nothing else changes anything.
func TestLogLevels(t *testing.T) {
	for enable, want := range map[string]zerolog.Level{
		"debug": zerolog.DebugLevel, "warning+": zerolog.WarnLevel, "debug,info+": zerolog.DebugLevel, "error+, debug+": zerolog.DebugLevel, "none": zerolog.Disabled,
		"none,critical": zerolog.FatalLevel, "default": zerolog.InfoLevel, "": zerolog.ErrorLevel, ",": zerolog.ErrorLevel, "debug,bogus": zerolog.ErrorLevel,
	} {
		h := newLevelHook([]config.Log{{Module: "DEFAULT", Enable: "error+"}, {Module: "ROUTER", Enable: "trace+"}})
		h.set(enable)
		if got := zerolog.Level(h.level.Load()); got != want {
			t.Errorf("%q: got %v, want %v", enable, got, want)
		}
		if err := checkEnable(enable); (err != nil) != (enable == "debug,bogus") {
			t.Errorf("%q: %v", enable, err)
		}
	}
}
