// Command demo is the application of the demonstration: an HTTP server on one side of the network and its clients on the
// other, so that make demo needs nothing but Go.
//
//	demo serve ADDRESS        answer until it is told to end
//	demo get URL              print what the server answers
//	demo transfer URL OCTETS  send that much there and back, and compare checksums
//	demo ports N              print N TCP ports that are free on loopback
//	demo end HOME             end every process of the installation in that directory
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/skupper-plugins/suite/tests/sandbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("want one of serve, get, transfer, ports, end")
	}
	verb, args := args[0], args[1:]
	switch {
	case verb == "serve" && len(args) == 1:
		return serve(ctx, args[0], out)
	case verb == "get" && len(args) == 1:
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		return get(ctx, args[0], out)
	case verb == "transfer" && len(args) == 2:
		size, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil || size < 0 {
			return fmt.Errorf("size %q is not a number of octets", args[1])
		}
		ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
		defer cancel()
		return transfer(ctx, args[0], size, out)
	case verb == "ports" && len(args) == 1:
		return ports(ctx, args[0], out)
	case verb == "end" && len(args) == 1:
		return sandbox.Home{Dir: args[0]}.End(ctx)
	}
	return fmt.Errorf("%s does not exist or takes other arguments than %q", verb, args)
}

// ports holds all of them open until it has printed them, so that none is printed twice.
func ports(ctx context.Context, count string, out io.Writer) error {
	n, err := strconv.Atoi(count)
	if err != nil || n < 1 || n > 100 {
		return fmt.Errorf("count %q is not 1 to 100", count)
	}
	for range n {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close() //nolint:errcheck // nothing was accepted
		fmt.Fprintln(out, l.Addr().(*net.TCPAddr).Port)
	}
	return nil
}
