package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Env chooses where kube-apiserver and etcd come from: a directory, "off", or, if empty, scripts/kube-assets.sh.
const Env = "SKUPPER_KUBE_ASSETS"

// ErrOff says that tests are not to run a cluster.
var ErrOff = errors.New(Env + " is off")

// Assets finds the directory that holds kube-apiserver and etcd, building them if need be.
func Assets(ctx context.Context) (string, error) {
	switch dir := os.Getenv(Env); dir {
	case "":
	case "off":
		return "", ErrOff
	default:
		return dir, nil
	}
	cmd := exec.CommandContext(ctx, filepath.Join(Root(), "scripts", "kube-assets.sh"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("build kube-apiserver and etcd (%s=off leaves the tests out, %s=DIR uses others): %w", Env, Env, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Root is the checkout.
func Root() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..")
}
