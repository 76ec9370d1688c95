package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/adaptor"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/kubelog"
	"github.com/skupper-plugins/suite/shared/logs"
)

// adaptorName is what the program is called by when it is to be the adaptor beside a router.
const adaptorName = "kube-adaptor"

// adaptorArgs are the arguments of the adaptor, if argv calls it: by its name, or by "adaptor" as the first word.
func adaptorArgs(argv []string) (args []string, is bool) {
	if len(argv) > 0 && strings.TrimSuffix(filepath.Base(argv[0]), ".exe") == adaptorName {
		return argv[1:], true
	}
	if len(argv) > 1 && argv[1] == "adaptor" {
		return argv[2:], true
	}
	return nil, false
}

// runAdaptor runs the adaptor until it is done or ctx ends.
func runAdaptor(ctx context.Context, args []string, version string) error {
	log, err := logs.New(os.Stderr, logs.JSON, os.Getenv("SKUPPER_LOG_LEVEL"))
	if err != nil {
		return err
	}
	o, err := adaptor.FromArgs(args, os.Getenv, os.Stderr)
	if err != nil {
		return err
	}
	o.Version, o.Log = version, log.With().Str(logs.Component, adaptorName).Logger()
	kubelog.Set(o.Log)
	return adaptor.Run(ctx, o)
}
