// Command podman-skupper links local sites to a service network. It is the command line, the agent that looks after the
// sites, and their router, in one program.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/podmanhost"
	"github.com/skupper-plugins/suite/shared/command"
	"github.com/skupper-plugins/suite/shared/host"
)

// version is set by the release; otherwise the build information says.
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // whoever asks a second time does not want to wait for what the first interrupted
	code := command.Main(ctx, podmanhost.New(programVersion()), host.StdStreams(), os.Args[1:])
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
