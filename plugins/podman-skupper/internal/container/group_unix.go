//go:build unix

package container

import (
	"os"
	"syscall"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
)

// groupOf is the group of an engine's socket; that of root if it cannot be told.
func groupOf(endpoint string) uint32 {
	info, err := os.Stat(engineapi.SocketPath(endpoint))
	if err != nil {
		return 0
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Gid
	}
	return 0
}
