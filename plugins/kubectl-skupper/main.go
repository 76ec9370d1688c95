// Command kubectl-skupper links sites in a Kubernetes cluster to a service network: the plugin that kubectl calls as
// `kubectl skupper`.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	_ "k8s.io/client-go/plugin/pkg/client/auth" // the ways to log in that kubectl has

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/kubehost"
	"github.com/skupper-plugins/suite/shared/command"
	"github.com/skupper-plugins/suite/shared/host"
)

// Both are set by the release. Without it the build information says the version, and only flags an image.
var (
	version string
	image   string // of the controller
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command.Main(ctx, kubehost.New(programVersion(), controllerImage()), host.StdStreams(), kubehost.CompleterArgs(os.Args[0], os.Args[1:]))
	stop()
	os.Exit(code)
}

func controllerImage() string {
	if named := os.Getenv("SKUPPER_CONTROLLER_IMAGE"); named != "" {
		return named
	}
	return image
}

func programVersion() string {
	if version != "" {
		return version
	}
	if bi, ok := debug.ReadBuildInfo(); ok && bi.Main.Version != "" && bi.Main.Version != "(devel)" {
		return bi.Main.Version
	}
	return "devel"
}
