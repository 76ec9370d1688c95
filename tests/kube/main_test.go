//go:build kube

package kube

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/skupper-plugins/suite/tests/sandbox"
)

// What all tests share: starting a server takes seconds.
var (
	server *Server // with the definitions
	bare   *Server // without
	plugin string  // kubectl-skupper
)

// crowd is how many tests run at a time, each in a namespace of its own.
const crowd = 8

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(Run("skupper-kube-", func(ctx context.Context, assets, dir string) (int, error) { return runAll(ctx, m, assets, dir) }))
}

// runAll builds what is tested, starts both clusters and runs the tests.
func runAll(ctx context.Context, m *testing.M, assets, dir string) (code int, err error) {
	if plugin, err = sandbox.Build(ctx, dir, "plugins/kubectl-skupper"); err != nil {
		return 1, err
	}
	var starts sync.WaitGroup
	errs := make(chan error, 2)
	for name, s := range map[string]**Server{"server": &server, "bare": &bare} {
		home := filepath.Join(dir, name)
		if err := os.Mkdir(home, 0o700); err != nil {
			return 1, err
		}
		starts.Go(func() {
			var startErr error
			*s, startErr = Start(ctx, assets, home)
			errs <- startErr
		})
	}
	starts.Wait()
	defer func() { err = errors.Join(err, server.Stop(), bare.Stop()) }()
	if err := errors.Join(<-errs, <-errs); err != nil {
		return 1, err
	}
	if err := server.Client(Admin).InstallCRDs(ctx); err != nil {
		return 1, err
	}
	if err := Parallel(crowd); err != nil {
		return 1, err
	}
	return m.Run(), nil
}
