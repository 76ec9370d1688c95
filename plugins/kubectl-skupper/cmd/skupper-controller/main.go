// Command skupper-controller runs the controller of sites in a cluster, and the adaptor beside their routers: whichever it is
// called by, /app/controller or /app/kube-adaptor.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/controller"
	"github.com/skupper-plugins/suite/shared/logs"
)

// version is set by the release; otherwise the build information says.
var version string

// gcPercent is how much garbage, in percent of what is in use, makes the controller collect it.
const gcPercent = 40

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args)
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	default:
		fmt.Fprintln(os.Stderr, "skupper-controller:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, argv []string) error {
	if args, is := adaptorArgs(argv); is {
		return runAdaptor(ctx, args, programVersion())
	}
	log, err := logs.New(os.Stderr, logs.JSON, "trace") // the controller has a level of its own
	if err != nil {
		return err
	}
	if os.Getenv("GOGC") == "" { // it is at rest nearly always: memory is worth more than the time to collect it
		debug.SetGCPercent(gcPercent)
	}
	o, err := controller.Parse(argv[1:], os.Getenv, os.Stderr)
	switch {
	case errors.Is(err, controller.ErrVersion):
		fmt.Println(programVersion())
		return nil
	case err != nil:
		return err
	}
	return controller.Run(ctx, o, programVersion(), log)
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
