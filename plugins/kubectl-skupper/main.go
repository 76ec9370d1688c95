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

// version is set by the release; otherwise the build information says.
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command.Main(ctx, kubehost.New(programVersion()), host.StdStreams(), os.Args[1:])
	stop()
	os.Exit(code)
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
