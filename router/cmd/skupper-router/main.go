// Command skupper-router runs one service network router: skupper-router -c skrouterd.json.
//
// In a container it takes the place of other routers: the configuration is what $QDROUTERD_CONF names, in which ${NAME} stands for variables of the
// environment; the log goes to stdout; SIGTERM ends it in good order; the memory limit of the container is kept.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	limitMemory(cgroups)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process: 0 done, 1 failed, 2 usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := flag.NewFlagSet("skupper-router", flag.ContinueOnError)
	fs.SetOutput(stderr)
	file := fs.String("c", "", "configuration `FILE` (skrouterd.json); default $QDROUTERD_CONF, which may be the text itself")
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
	cfg, err := load(*file)
	if fs.NArg() > 0 || errors.Is(err, errNoConfig) {
		_, _ = fmt.Fprintf(stderr, "skupper-router: %v\n", errNoConfig)
		return 2
	}
	if err == nil && *check {
		err = cfg.Check()
		if err == nil {
			return 0
		}
	}
	if err == nil {
		var r *router.Router
		journal := &router.Journal{}
		log := zerolog.New(zerolog.MultiLevelWriter(zerolog.SyncWriter(stdout), journal)).With().Timestamp().Logger()
		if r, err = router.New(cfg, router.Options{Log: log, Version: router.Version(), Journal: journal}); err == nil {
			err = r.Run(ctx)
		}
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "skupper-router: %v\n", err)
		return 1
	}
	return 0
}
