package podmanhost

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/daemon"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/op"
)

// inside looks at what runs for a namespace.
type inside struct {
	h      Host
	paths  filestore.Paths
	dir    filestore.Dir
	system op.System
	// container is what runs the router; nil on plain Linux.
	container *container.Engine
}

var (
	_ op.Diagnostics = inside{}
	_ op.Components  = inside{}
)

// Components implements op.Components.
func (i inside) Components(ctx context.Context) ([]op.Component, error) {
	router := i.routerVersion() + " (in this program)"
	if p := i.h.getenv(daemon.RouterEnv); p != "" {
		router = p
	}
	if p, err := daemon.KeptRouterProgram(i.dir.RouterProgram()); err == nil && p != "" {
		router = p
	}
	if i.container != nil {
		router = "in a container"
		if image, err := i.container.Image(ctx); err == nil {
			router = image
		}
	}
	st, err := i.system.Status(ctx)
	if err != nil {
		return nil, err
	}
	var all []op.Component
	if st.Agent.Running {
		all = append(all, op.Component{Component: "agent", Version: st.Agent.Version})
	}
	if st.Router.Running {
		all = append(all, op.Component{Component: "router", Version: router, Where: i.dir.Name()})
	}
	return all, nil
}

// routerVersion is the version of the program that a router was configured by last, which is the one that runs it: one of another
// version starts it anew.
func (i inside) routerVersion() string {
	c, err := config.Load(i.dir.RouterConfig())
	if err != nil {
		return i.h.version
	}
	var meta struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal([]byte(c.Router.Metadata), &meta); err != nil || meta.Version == "" {
		return i.h.version
	}
	return meta.Version
}

// maxText bounds what is read of one file, in octets: its end.
const maxText = 8 << 20

// maxLines bounds what is read of a container's log.
const maxLines = 10000

// Collect implements op.Diagnostics. Of the certificates only what is public is read.
func (i inside) Collect(ctx context.Context, add func(string, []byte)) error {
	var errs []error
	file := func(name, path string) {
		text, err := tail(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			errs = append(errs, err)
		default:
			add(name, op.MaskPasswords(text))
		}
	}
	file("logs/agent.log", i.paths.AgentLog())
	file("logs/router.log", i.dir.RouterLog())
	if i.container != nil {
		text, err := i.container.Log(ctx, maxLines)
		if text != nil {
			add("logs/container.log", op.MaskPasswords(text))
		} else if !fault.Is(err, fault.Missing) {
			errs = append(errs, err)
		}
	}
	file("router/skrouterd.json", i.dir.RouterConfig())
	file("router/state.json", i.dir.State())
	for name, dir := range map[string]string{"certs": i.dir.RuntimeCerts(), "issuers": i.dir.RuntimeIssuers()} {
		errs = append(errs, certificates(ctx, dir, func(path string, text []byte) { add(name+"/"+path, text) }))
	}
	return errors.Join(errs...)
}

func tail(path string) (text []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if info, err := f.Stat(); err == nil && info.Size() > maxText {
		if _, err := f.Seek(info.Size()-maxText, io.SeekStart); err != nil {
			return nil, err
		}
	}
	return io.ReadAll(io.LimitReader(f, maxText))
}

// certificates adds the certificates below a directory, and nothing else that may be in their files.
func certificates(ctx context.Context, dir string, add func(string, []byte)) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil || ctx.Err() != nil:
			return errors.Join(err, ctx.Err())
		case !d.Type().IsRegular() || !strings.HasSuffix(path, ".crt"):
			return nil
		}
		text, err := tail(path)
		if err != nil {
			return err
		}
		var public []byte
		for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
			if block.Type == "CERTIFICATE" {
				public = append(public, pem.EncodeToMemory(block)...)
			}
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		add(filepath.ToSlash(name), public)
		return nil
	})
}
