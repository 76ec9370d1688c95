//go:build kube

package kube

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

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
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 45*time.Minute) // the build of the server included
	defer cancel()
	assets, err := Assets(ctx)
	if errors.Is(err, ErrOff) {
		fmt.Fprintln(os.Stderr, "SKIPPED, NOTHING WAS TESTED:", err)
		return 0, nil
	}
	if err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "skupper-kube-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a leftover does no harm
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
