package podmanhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/connection"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/daemon"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/doctor"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// binding is a store that binds its namespace to a platform before a site is in it, so that nothing acts on the site before,
// and there is no site where its platform cannot run one.
type binding struct {
	*filestore.Store
	h        Host
	platform string
	why      string // it is that one, to be said
	choice   string // of --engine; empty: not given
	quadlet  bool   // --quadlet
	engine   connection.Choice
	say      io.Writer // progress
	made     *made
	systemd  func(context.Context) *supervise.Systemd
	split    func() bool // this user's containers can be in the control group of their unit, as those of a Quadlet file are; nil: they can
}

// Create implements site.Store.
func (b binding) Create(ctx context.Context, obj v2alpha1.Object) error {
	if v2alpha1.KindOf(obj) != v2alpha1.KindSite {
		return b.Store.Create(ctx, obj)
	}
	return b.site(ctx, obj, b.Store.Create)
}

// CreateSole implements op.Soler.
func (b binding) CreateSole(ctx context.Context, obj v2alpha1.Object) error {
	if v2alpha1.KindOf(obj) != v2alpha1.KindSite {
		return b.Store.CreateSole(ctx, obj)
	}
	return b.site(ctx, obj, b.Store.CreateSole)
}

// site creates a site in a namespace that is bound to a platform.
func (b binding) site(ctx context.Context, obj v2alpha1.Object, create func(context.Context, v2alpha1.Object) error) error {
	if err := supervise.Reserved(b.Store.Namespace()); err != nil {
		return err
	}
	dir := b.Dir()
	undo, err := b.bind(ctx, dir)
	if err != nil {
		return err
	}
	err = create(ctx, obj)
	if fault.Is(err, fault.Conflict) { // there is a site meanwhile, which is bound to the platform
		return err
	}
	if err != nil {
		return errors.Join(err, undo())
	}
	return nil
}

// bind makes sure that the platform can run a router, and writes down which it is. It gives what takes that back.
func (b binding) bind(ctx context.Context, dir filestore.Dir) (undo func() error, err error) {
	undo = func() error { return nil }
	if name, err := bound(ctx, dir); err != nil || name != "" {
		return undo, err
	}
	if b.why != "" {
		b.tell(b.why)
	}
	if b.quadlet && b.platform != engineapi.Podman {
		return nil, fault.New(fault.Usage, "quadlet is for the platform podman, and this site gets "+b.platform, "--platform podman")
	}
	program := ""
	if b.platform == filestore.PlatformLinux {
		if program, err = daemon.RouterProgram(b.linuxChoice(), b.h.getenv); err != nil {
			return nil, err
		}
	} else {
		settings, err := b.prepare(ctx, dir)
		if err != nil {
			return nil, err
		}
		if err := filestore.MakeDir(dir.Internal(), 0o755); err != nil {
			return nil, err
		}
		if err := settings.Write(dir.Container()); err != nil {
			return nil, err
		}
	}
	b.tellLinger(ctx)
	if otherController(filepath.Dir(dir.Root())) {
		b.tell("Skupper's own controller for local sites looks after this namespace too; to end it: skupper system uninstall")
	}
	undo = func() error {
		var errs []error
		for _, path := range []string{dir.Platform(), dir.Container(), dir.RouterProgram()} {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
		return errors.Join(errs...)
	}
	if err := daemon.KeepRouterProgram(dir, program); err != nil {
		return nil, errors.Join(err, undo())
	}
	if err := dir.BindPlatform(b.platform); err != nil {
		return nil, errors.Join(err, undo())
	}
	return undo, nil
}

// linuxChoice is which router a site on plain Linux is to run; of what the environment says for containers, only what fits counts.
func (b binding) linuxChoice() string {
	if b.choice == "" && b.h.getenv("SKUPPER_ENGINE") == daemon.Skrouterd {
		return daemon.Skrouterd
	}
	return b.choice
}

// prepare gets what a container needs while somebody is there to see how that goes, and gives the settings to keep.
func (b binding) prepare(ctx context.Context, dir filestore.Dir) (container.Settings, error) {
	s, err := b.h.settings(b.platform, b.engine)
	if err != nil {
		return s, err
	}
	if b.choice == daemon.Skrouterd {
		return s, fault.New(fault.Usage, "engine skrouterd is for the platform linux, and this site gets "+b.platform, "--platform linux, or --engine image")
	}
	if b.choice != "" {
		s.Router = container.Choice(b.choice)
	}
	client, err := engineapi.Open(ctx, b.platform, s.Endpoint)
	if err == nil {
		err = ownIDs(ctx, doctor.Here(b.h.getenv), client)
	}
	if err != nil {
		if b.h.sent != nil { // on linux it would be on the machine of who sent for it
			return s, err
		}
		return s, orLinux(err)
	}
	if err := client.Suits(ctx); err != nil {
		return s, err
	}
	if b.quadlet {
		if s.Quadlet, err = true, b.canQuadlet(ctx, client, s.Endpoint); err != nil {
			return s, err
		}
	}
	if err := daemon.ContainerEngine(dir, b.platform, nop()).Free(ctx, client); err != nil {
		return s, err
	}
	credentials := func(ref string) engineapi.Credentials { return engineapi.CredentialsFor(ref, os.Getuid(), b.h.getenv) }
	b.made.begin(dir, b.platform, s)
	image, err := s.Obtain(ctx, client, credentials, b.tell)
	b.made.cut = ctx.Err() != nil
	if err != nil {
		return s, err
	}
	if image.Embedded {
		if s.Router != container.Embedded {
			b.tell("the router in this program is used instead, in an image made of it")
		}
		s.Router = container.Embedded // the agent need not try in vain again
	}
	return s, nil
}

// tellLinger warns a user whose sites end with the session.
func (b binding) tellLinger(ctx context.Context) {
	sd := b.systemd(ctx)
	if sd == nil {
		return
	}
	if me, err := user.Current(); err == nil && !sd.Lingers(me.Username) {
		b.tell(lingerNote(me.Username))
	}
}

// engineVersion is what canQuadlet asks of an engine.
type engineVersion interface {
	Older(major, minor int) bool
	Version() string
}

// canQuadlet says why a Quadlet file would be of no use, or nil.
func (b binding) canQuadlet(ctx context.Context, client engineVersion, endpoint string) error {
	const without = "leave --quadlet out: a unit starts the container with the machine"
	if !engineapi.Usual(engineapi.Podman, endpoint, os.Getuid(), b.h.getenv) { // systemd would run the container in another Podman
		return fault.New(fault.Usage, "a Quadlet file is run by this user's own Podman, and the site is to be in the one at "+engineapi.SocketPath(endpoint), without)
	}
	if err := container.Mountable(b.Dir().Root()); err != nil {
		return fault.Wrap(fault.Usage, "a Quadlet file cannot run the site", err, without)
	}
	if client.Older(4, 4) {
		return fault.New(fault.Failed, "this Podman knows no Quadlet files: it is version "+client.Version()+", want 4.4 or later", without)
	}
	if b.split != nil && !b.split() {
		return fault.New(fault.Failed, "systemd cannot run a container of this user here: that takes control groups of version 2, and this machine has those of version 1", without+"; or boot with systemd.unified_cgroup_hierarchy=1")
	}
	if b.systemd(ctx) == nil {
		return fault.New(fault.Failed, "there is no systemd that works for this installation, and so nothing that a Quadlet file is for", "leave --quadlet out")
	}
	return nil
}

func (b binding) tell(line string) {
	if b.say != nil {
		fmt.Fprintln(b.say, line)
	}
}
