package daemon

import (
	"path/filepath"
	"strconv"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/connection"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
)

// Settings are how the container of a namespace is made that nothing is written down for: what the user chose, or else what
// the environment and the engine's own configuration say.
func Settings(platform string, choice connection.Choice, uid int, getenv func(string) string) (container.Settings, error) {
	s, err := container.FromEnvironment(platform, uid, getenv)
	if err != nil {
		return s, err
	}
	e, err := EngineOf(platform, choice, uid, getenv)
	if err != nil {
		return s, err
	}
	s.Endpoint = e.URL
	return s, nil
}

// EngineOf is the engine of a platform that the user chose, or else has.
func EngineOf(platform string, choice connection.Choice, uid int, getenv func(string) string) (connection.Engine, error) {
	if platform == engineapi.Docker {
		return connection.Docker(choice, getenv)
	}
	return connection.Podman(choice, uid, getenv)
}

// runtimeDir is where a user's programs keep what is gone when the machine stops.
func runtimeDir(uid int, getenv func(string) string) string {
	if uid == 0 {
		return "/run"
	}
	if dir := getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join("/run/user", strconv.Itoa(uid))
}
