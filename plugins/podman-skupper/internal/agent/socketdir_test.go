//go:build unix

package agent_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/agent"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
)

// TestSocketDirectory: of a home whose path is too long for a socket, the agent's socket is elsewhere, and nothing of that is left.
func TestSocketDirectory(t *testing.T) {
	paths := filestore.Under(filepath.Join(t.TempDir(), strings.Repeat("long", 25)))
	dir := filepath.Dir(paths.AgentSocket())
	if dir == paths.Agent() {
		t.Fatal("the home is short enough")
	}
	ctx, end := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- agent.Run(ctx, agent.Options{Paths: paths, Version: "test", Log: zerolog.Nop(), Now: time.Now})
	}()
	for {
		if _, err := agent.NewClient(paths.AgentSocket()).Health(ctx); err == nil {
			break
		}
		select {
		case err := <-ended:
			t.Fatal(err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	end()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v", dir, err)
		_ = os.Remove(dir)
	}
}
