package agent

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/keys"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/site"
)

// connectFile tells messaging tools how to reach the router; it is beside each client certificate.
const connectFile = "connect.json"

// writeFiles writes everything that a plan wants on disk, but for the router's configuration: TLS profiles, static
// links, the platform. What is not wanted any more is removed, once the router cannot need it.
func (n *namespace) writeFiles(_ context.Context, d site.Desired, pairs map[string]pki.Pair) error {
	connect, err := site.ConnectJSON(d.Ports[supervise.LocalListener])
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	var faults error
	for _, w := range d.Certificates {
		if w.Signing {
			continue
		}
		keep[w.Name] = true
		if w.Client && !w.Server {
			_, err := atomicfile.WriteChanged(filepath.Join(n.dir.RuntimeCerts(), w.Name, connectFile), 0o644, connect)
			faults = multierr.Append(faults, err)
		}
	}
	for _, p := range d.Profiles {
		if keep[p.Name] {
			continue // the key pair's own directory
		}
		keep[p.Name] = true
		pair := pairs[p.Credentials]
		if p.CAOnly {
			pair = pki.Pair{CA: pair.CA}
		}
		_, err := keys.Write(filepath.Join(n.dir.RuntimeCerts(), p.Name), pair, nil)
		faults = multierr.Append(faults, err)
	}
	faults = multierr.Append(faults, keys.Prune(n.dir.RuntimeCerts(), keep))
	faults = multierr.Append(faults, n.writeProxies(d))
	faults = multierr.Append(faults, n.writeLinks(d, pairs, connect))
	if _, err := n.dir.ReadPlatform(); errors.Is(err, fs.ErrNotExist) {
		faults = multierr.Append(faults, n.dir.BindPlatform(filestore.PlatformLinux))
	}
	return faults
}

func (n *namespace) writeProxies(d site.Desired) error {
	keep := map[string]bool{}
	var faults error
	for _, p := range d.Proxies {
		keep[p.Name] = true
		dir := filepath.Join(n.dir.RuntimeProxies(), p.Name)
		if err := filestore.MakeDir(dir, 0o755); err != nil {
			return err
		}
		_, err := atomicfile.WriteChanged(filepath.Join(dir, "password.txt"), 0o600, p.Password)
		faults = multierr.Append(faults, err)
	}
	return multierr.Append(faults, keys.Prune(n.dir.RuntimeProxies(), keep))
}

// writeLinks writes the static links. They hold a private key.
func (n *namespace) writeLinks(d site.Desired, pairs map[string]pki.Pair, connect []byte) error {
	keep := map[string]bool{}
	var faults error
	for _, l := range d.StaticLinks {
		name := strings.ReplaceAll(l.File, string(filepath.Separator), "_")
		keep[name] = true
		b := bytes.NewBufferString("---\n")
		if err := manifest.Write(b, l.Documents(pairs[l.Client], connect)...); err != nil {
			return err
		}
		_, err := atomicfile.WriteChanged(filepath.Join(n.dir.RuntimeLinks(), name), 0o600, b.Bytes())
		faults = multierr.Append(faults, err)
	}
	return multierr.Append(faults, removeFiles(n.dir.RuntimeLinks(), keep))
}

// removeFiles removes the files of a directory that are not to be kept.
func removeFiles(dir string, keep map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.Wrap(fault.Failed, "clean up", err, "")
	}
	var faults error
	for _, e := range entries {
		if e.IsDir() || keep[e.Name()] {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			faults = multierr.Append(faults, fault.Wrap(fault.Failed, "clean up", err, ""))
		}
	}
	return faults
}
