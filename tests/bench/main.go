// Command bench measures what it costs to send TCP connections through a pair of routers, and the same of other tunnels in
// the same run: bench -router PROGRAM [-skrouterd PROGRAM]. All of it happens on the loopback interface of one machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/skupper-plugins/suite/tests/bench/baretls"
	"github.com/skupper-plugins/suite/tests/bench/load"
	"github.com/skupper-plugins/suite/tests/bench/tunnel"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process: 0 done, 1 something could not be measured, 2 usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == tunnel.BareArg {
		return code(stderr, relay(ctx, args[1:]))
	}
	if len(args) > 0 && args[0] == load.ServeArg {
		return code(stderr, serve(ctx, args[1:]))
	}
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "bench: %v\n", err)
		return 2
	}
	return code(stderr, bench(ctx, o, stdout, stderr))
}

func code(stderr io.Writer, err error) int {
	if err == nil {
		return 0
	}
	_, _ = fmt.Fprintf(stderr, "bench: %v\n", err)
	return 1
}

// serve makes this process the server behind the tunnels.
func serve(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%s takes 1 argument, got %d", load.ServeArg, len(args))
	}
	s, err := load.Serve(ctx, args[0])
	if err != nil {
		return err
	}
	<-ctx.Done()
	s.Close()
	return nil
}

// relay makes this process one end of a bare TLS tunnel.
func relay(ctx context.Context, args []string) error {
	if len(args) != 6 {
		return fmt.Errorf("%s takes 6 arguments, got %d", tunnel.BareArg, len(args))
	}
	return baretls.Relay{Listen: args[0], To: args[1], Outgoing: args[2] == "out", CA: args[3], Cert: args[4], Key: args[5]}.Run(ctx)
}
