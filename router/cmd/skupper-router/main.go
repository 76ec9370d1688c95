// Command skupper-router runs one service network router: skupper-router -c skrouterd.json.
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

	"github.com/rs/zerolog"

	"github.com/skupper-plugins/suite/router"
	"github.com/skupper-plugins/suite/router/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// environment is the value of a variable; HOSTNAME is known even where no shell has set it.
func environment(name string) (string, bool) {
	v, ok := os.LookupEnv(name)
	if !ok && name == "HOSTNAME" {
		host, err := os.Hostname()
		return host, err == nil
	}
	return v, ok
}

// run is main without the process: 0 done, 1 failed, 2 usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("skupper-router", flag.ContinueOnError)
	fs.SetOutput(stderr)
	file := fs.String("c", os.Getenv("QDROUTERD_CONF"), "configuration `FILE` (skrouterd.json); default $QDROUTERD_CONF")
	version := fs.Bool("v", false, "print the version")
	check := fs.Bool("check", false, "check the configuration and exit")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if *version {
		_, _ = fmt.Fprintln(stdout, router.Version())
		return 0
	}
	if fs.NArg() > 0 || *file == "" {
		_, _ = fmt.Fprintln(stderr, "skupper-router: a configuration file is needed: skupper-router -c skrouterd.json")
		return 2
	}
	cfg, err := config.LoadExpanded(*file, environment)
	if err == nil && *check {
		err = cfg.Check()
		if err == nil {
			return 0
		}
	}
	if err == nil {
		var r *router.Router
		if r, err = router.New(cfg, router.Options{Log: zerolog.New(stderr).With().Timestamp().Logger(), Version: router.Version()}); err == nil {
			err = r.Run(ctx)
		}
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "skupper-router: %v\n", err)
		return 1
	}
	return 0
}
