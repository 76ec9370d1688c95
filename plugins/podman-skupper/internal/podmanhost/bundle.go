package podmanhost

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/bundle"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

func (h Host) generateBundle(s host.Streams) *cli.Command {
	return h.ownCommand(s, own{
		name: "system generate-bundle", operands: "NAME", usage: "make an archive that installs the site on another machine, without this program", manner: host.Change,
		more: "It is made of the resources of the namespace, or of those in another directory, and has an install.sh, or is one\n" +
			"script: -h tells its options. It has private keys, so keep it as you keep a key. A bundle of that name is replaced.",
		example: "edge --type shell-script",
		flags: append([]cli.Flag{
			&cli.StringFlag{Name: "input", Usage: "`DIRECTORY` of the resources (default: those of the namespace)"},
			&cli.StringFlag{Name: "type", Value: bundle.Tarball, Usage: "`TYPE` of the bundle: " + strings.Join(bundle.Types, " or ") + "; $SKUPPER_BUNDLE says it too"},
		}, h.Flags()...),
		read: func(c *cli.Context, words []string) (func() (host.View, error), error) {
			kind, bad := h.bundleType(c)
			err := multierr.Combine(bundle.CheckName(words[0]), bad)
			return func() (host.View, error) { return h.makeBundle(c.Context, c, words[0], kind) }, multierr.Append(err, h.checkOwnFlags(c))
		},
	})
}

// bundleType is the one chosen.
func (h Host) bundleType(c *cli.Context) (string, error) {
	name, from := c.String("type"), "type"
	if !c.IsSet("type") {
		if name, from = h.getenv("SKUPPER_BUNDLE"), "SKUPPER_BUNDLE"; name == "" || name == "bundle" { // as old scripts have it
			return map[string]string{"": bundle.Tarball, "bundle": bundle.ShellScript}[name], nil
		}
	}
	if !slices.Contains(bundle.Types, name) {
		return "", fmt.Errorf("%s is %q, want %s", from, name, strings.Join(bundle.Types, " or "))
	}
	return name, nil
}

func (h Host) makeBundle(ctx context.Context, c *cli.Context, name, kind string) (host.View, error) {
	paths, err := filestore.Locate(h.getenv)
	if err != nil {
		return host.View{}, err
	}
	dir := paths.Namespace(h.Namespace(c))
	if err := supervise.Reserved(dir.Name()); err != nil { // install.sh refuses it too
		return host.View{}, err
	}
	settings, err := container.FromEnvironment(engineapi.Podman, os.Getuid(), h.getenv)
	if err != nil {
		return host.View{}, err
	}
	src := bundle.Source{Resources: dir.InputResources(), Issuers: dir.InputIssuers(), Certs: dir.InputCerts(), Namespace: dir.Name(), Version: h.version, Image: settings.Image, Now: h.now()}
	if from := c.String("input"); from != "" {
		if info, err := os.Stat(from); err != nil || !info.IsDir() {
			return host.View{}, fault.New(fault.Missing, fmt.Sprintf("input is %q, and that is no directory", from), "")
		}
		src.Resources, src.Issuers, src.Certs = from, "", ""
	}
	file := bundle.File(filepath.Join(paths.Data(), "bundles"), name, kind)
	made, err := src.Write(ctx, file, kind)
	if err != nil {
		return host.View{}, err
	}
	next := "on the other machine: tar -xzf " + filepath.Base(file) + " && sh install.sh"
	if kind == bundle.ShellScript {
		next = "on the other machine: sh " + filepath.Base(file)
	}
	return host.View{Verb: "created", Kind: "bundle", Name: file, Object: map[string]string{"site": made.Site, "namespace": dir.Name(), "type": kind, "path": file},
		Notes: append(made.Notes, "it has the site's private keys: keep it as you keep a key"), Next: next}, nil
}
