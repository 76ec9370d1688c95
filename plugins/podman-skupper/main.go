// Command podman-skupper links local sites to a service network. It is the command line, the agent that looks after the
// sites, and their router, in one program. Called podman it is that, and skupper; called docker-skupper, a plugin of docker.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/podmanhost"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/remote"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/shim"
	"github.com/skupper-plugins/suite/shared/command"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

// version is set by the release; otherwise the build information says.
var version string

func main() { os.Exit(run()) }

func run() int {
	call, err := shim.Recognize(os.Args)
	switch { // before anything else is set up
	case err != nil:
		return failed(err, fault.KindOf(err).ExitCode())
	case call.Pass:
		code, err := shim.Become(os.Args)
		return failed(err, code)
	case call.Metadata:
		err := shim.WriteMetadata(os.Stdout, programVersion())
		return failed(err, fault.KindOf(err).ExitCode())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // whoever asks a second time does not want to wait for what the first interrupted
	if socket := os.Getenv(shim.SocketEnv); socket != "" && call.Tool == shim.Docker {
		end := shim.WatchDocker(ctx, socket, stop)
		defer end()
	}
	defer stop()
	h, streams := podmanhost.New(programVersion()).As(call.Tool, call.Command()), host.StdStreams()
	if len(call.Args) > 0 && call.Args[0] == remote.Word {
		sent, req, in, end, err := remote.Serve(ctx, call.Args[1:], streams.In)
		if err != nil {
			return failed(err, fault.KindOf(err).ExitCode())
		}
		defer end()
		ctx, h, streams.In, call.Args = sent, h.Sent(req), in, req.Words
	}
	return command.Main(ctx, h, streams, call.Args)
}

// failed prints the error, if there is one, and gives back the exit code.
func failed(err error, code int) int {
	if err != nil {
		fmt.Fprintf(os.Stderr, "Error: %v\n", err)
		if hint := fault.Hint(err); hint != "" {
			fmt.Fprintf(os.Stderr, "try: %s\n", hint)
		}
	}
	return code
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
