package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Run is the body of a TestMain that needs a cluster: it finds or builds the cluster's programs, gives tests their folder and
// an empty one that goes afterwards (its name begins with prefix), and returns the code to exit with. Where clusters are
// switched off it says loudly that nothing was tested.
func Run(prefix string, tests func(ctx context.Context, assets, dir string) (code int, err error)) int {
	ctx, cancel := context.WithTimeout(context.Background(), 45*time.Minute) // the build of the server included
	defer cancel()
	code, err := run(ctx, prefix, tests)
	if errors.Is(err, ErrOff) {
		fmt.Fprintln(os.Stderr, "SKIPPED, NOTHING WAS TESTED:", err)
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func run(ctx context.Context, prefix string, tests func(ctx context.Context, assets, dir string) (int, error)) (code int, err error) {
	assets, err := Assets(ctx)
	if err != nil {
		return 1, err
	}
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a leftover does no harm
	return tests(ctx, assets, dir)
}
