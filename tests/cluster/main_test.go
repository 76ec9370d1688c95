//go:build cluster

package cluster

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/skupper-plugins/suite/tests/cluster/isolate"
	"github.com/skupper-plugins/suite/tests/cluster/node"
	"github.com/skupper-plugins/suite/tests/kube"
)

// dirEnv is where the outside stage put programs, and where everything is written.
const dirEnv = "SKUPPER_TEST_DIR"

// assetsEnv is the directory of the programs of Kubernetes.
const assetsEnv = "SKUPPER_TEST_ASSETS"

func TestMain(m *testing.M) {
	isolate.First()
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	var code int
	var err error
	if isolate.Inside() {
		code, err = inside(ctx, m)
	} else {
		code, err = outside(ctx)
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// outside builds what the tests run and runs them in namespaces of their own.
func outside(ctx context.Context) (code int, err error) {
	if why := isolate.Missing(node.Programs()...); len(why) > 0 {
		fmt.Fprintln(os.Stderr, "SKIPPED, NOTHING WAS TESTED:", strings.Join(why, "; "))
		return 0, nil
	}
	assets, err := kube.Assets(ctx)
	if errors.Is(err, kube.ErrOff) {
		fmt.Fprintln(os.Stderr, "SKIPPED, NOTHING WAS TESTED:", err)
		return 0, nil
	}
	if err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", "sk") // short, as it holds sockets
	if err != nil {
		return 1, err
	}
	defer func() {
		if code != 0 && os.Getenv("SKUPPER_TEST_KEEP") != "" {
			fmt.Fprintln(os.Stderr, "what the clusters wrote is in", dir)
			return
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	if err := buildAll(ctx, dir, assets); err != nil {
		return 1, err
	}
	return isolate.Run(ctx, isolate.Group(), dirEnv+"="+dir, assetsEnv+"="+assets, "PATH="+dir+":"+os.Getenv("PATH"))
}

// inside runs the tests on the clusters that they ask for.
func inside(ctx context.Context, m *testing.M) (code int, err error) {
	if err := node.Network(ctx); err != nil {
		return 1, err
	}
	// The clusters have limits of their own, and a test that waits for one must not keep others from the other.
	if err := kube.Parallel(100); err != nil {
		return 1, err
	}
	code = m.Run()
	return code, stopClusters()
}

// program is the path of one that was built.
func program(name string) string { return filepath.Join(os.Getenv(dirEnv), name) }

// buildAll builds, from packages of the checkout, programs that need nothing of the system they run on.
func buildAll(ctx context.Context, dir, assets string) error {
	for _, pkg := range []string{"tests/cluster/pause", "tests/demo", "plugins/podman-skupper", "plugins/kubectl-skupper"} {
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", dir+string(filepath.Separator), ".")
		cmd.Dir = filepath.Join(kube.Root(), filepath.FromSlash(pkg))
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", pkg, err, out)
		}
	}
	if err := buildImages(ctx, dir); err != nil {
		return err
	}
	return os.Symlink(filepath.Join(assets, "kubectl"), filepath.Join(dir, "kubectl"))
}
