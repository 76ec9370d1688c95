package podmanhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

// images are the commands for machines that reach no registry.
func (h Host) images(s host.Streams) *cli.Command {
	return &cli.Command{Name: "images", Usage: "carry the images of sites to machines that reach no registry", Subcommands: []*cli.Command{
		h.ownCommand(s, own{
			name: "system images list", usage: "list the images that the site of this namespace needs, or that a new one would", manner: host.Table, flags: h.Flags(), there: same,
			read: func(c *cli.Context, _ []string) (func() (host.View, error), error) {
				return func() (host.View, error) { return h.listImages(c.Context, c) }, h.checkOwnFlags(c)
			},
		}),
		h.ownCommand(s, own{
			name: "system images save", operands: "FILE", usage: "write the images that are listed to an archive", manner: host.Change, flags: h.Flags(), there: saveThere,
			more: "What the engine does not have is pulled. The file is replaced if it is there; '-' is stdout.", example: "images.tar",
			read: func(c *cli.Context, words []string) (func() (host.View, error), error) {
				return func() (host.View, error) { return h.saveImages(c.Context, c, words[0], s.Out) }, h.checkOwnFlags(c)
			},
		}),
		h.ownCommand(s, own{
			name: "system images load", operands: "FILE", usage: "make the images of an archive known to the engine of this machine", manner: host.Change, flags: h.Flags(), there: loadThere,
			more: "The archive is one of images save, or of podman save or docker save; '-' is stdin.", example: "images.tar",
			read: func(c *cli.Context, words []string) (func() (host.View, error), error) {
				return func() (host.View, error) { return h.loadImages(c.Context, c, words[0], s.In) }, h.checkOwnFlags(c)
			},
		}),
	}}
}

// siteImage is an image that a site needs.
type siteImage struct {
	Component string `json:"component"`
	Image     string `json:"image"`
	From      string `json:"from"` // registry, or this program
	Here      bool   `json:"here"` // the engine has it
	ID        string `json:"id,omitempty"`
}

// engineFor is the engine of a namespace's site, or of a new one, and how its container is made.
func (h Host) engineFor(ctx context.Context, c *cli.Context) (*engineapi.Client, container.Settings, error) {
	paths, err := filestore.Locate(h.getenv)
	if err != nil {
		return nil, container.Settings{}, err
	}
	dir := paths.Namespace(h.Namespace(c))
	platform, why, err := h.platform(ctx, c, dir)
	if err != nil {
		return nil, container.Settings{}, err
	}
	if platform == filestore.PlatformLinux {
		if why != "" {
			why = " (" + why + ")"
		}
		return nil, container.Settings{}, fault.New(fault.Usage, "a site on platform linux needs no images"+why, "--platform podman, or docker")
	}
	s, ok, err := container.ReadSettings(dir.Container())
	if err == nil && !ok {
		s, err = h.settings(platform, h.chosenEngine(c))
	}
	if err != nil {
		return nil, s, err
	}
	if v := c.String("engine"); v != "" {
		s.Router = container.Choice(v)
	}
	client, err := engineapi.Open(ctx, platform, s.Endpoint)
	return client, s, err
}

func (h Host) listImages(ctx context.Context, c *cli.Context) (host.View, error) {
	client, s, err := h.engineFor(ctx, c)
	if err != nil {
		return host.View{}, err
	}
	one := siteImage{Component: "router", Image: s.Image, From: "registry"}
	if s.Router == container.Embedded {
		one.From = "this program" // though it may be one that cannot be made an image: whoever saves it hears of that
		if one.Image, err = container.EmbeddedImage(); err != nil {
			return host.View{}, err
		}
	}
	have, err := client.Image(ctx, one.Image)
	if err != nil && !fault.Is(err, fault.Missing) {
		return host.View{}, err
	}
	one.Here, one.ID = err == nil, have.ID
	here := "no"
	if one.Here {
		here = "yes"
	}
	v := host.View{Kind: "image", Object: host.List([]siteImage{one}),
		Columns: []host.Column{{Title: "COMPONENT", Name: "Component"}, {Title: "IMAGE", Name: "Image"}, {Title: "FROM", Name: "From"}, {Title: "HERE", Name: "Here"}},
		Rows:    [][]string{{one.Component, one.Image, one.From, here}}}
	if wrong := container.WrongMachine(one.Image, have.Architecture); wrong != "" {
		v.Notes = append(v.Notes, wrong)
	}
	if s.Router == container.Auto {
		v.Notes = append(v.Notes, "where it cannot be had, the router in this program is used, which needs no image from elsewhere")
	}
	return v, nil
}

// stdio is the operand that means stdin or stdout.
const stdio = "-"

func (h Host) saveImages(ctx context.Context, c *cli.Context, file string, out io.Writer) (host.View, error) {
	client, s, err := h.engineFor(ctx, c)
	if err != nil {
		return host.View{}, err
	}
	if s.Router == container.Auto {
		s.Router = container.FromName // an archive of what this program has by itself is of no use
	}
	credentials := func(ref string) engineapi.Credentials { return engineapi.CredentialsFor(ref, os.Getuid(), h.getenv) }
	image, err := s.Obtain(ctx, client, credentials, func(line string) { fmt.Fprintln(c.App.ErrWriter, line) })
	if err != nil {
		return host.View{}, err
	}
	save := func(w io.Writer) error { return client.Save(ctx, image.Ref, w) }
	if file == stdio { // the archive itself is the answer
		return host.View{Notes: []string{"it has " + image.Ref}}, save(out)
	}
	if err := atomicfile.Output(file, 0o644, save); err != nil {
		return host.View{}, err
	}
	return host.View{Verb: "saved", Kind: "archive", Name: file, Object: map[string]any{"path": file, "images": []string{image.Ref}},
		Notes: []string{"it has " + image.Ref}, Next: "on the other machine: " + h.Command() + " system images load " + file}, nil
}

// saveThere writes the archive here.
func saveThere(r there) (host.View, error) {
	save := func(w io.Writer) error {
		return r.Run(r.c.Context, r.words(stdio), host.Streams{Out: w, Err: r.streams.Err})
	}
	if r.operands[0] == stdio {
		return host.View{}, save(r.streams.Out)
	}
	file := r.operands[0]
	return host.View{Verb: "saved", Kind: "archive", Name: file, Object: map[string]string{"path": file}}, atomicfile.Output(file, 0o644, save)
}

// loadThere sends the archive there.
func loadThere(r there) (host.View, error) {
	in := r.streams.In
	if file := r.operands[0]; file != stdio {
		f, err := openArchive(file)
		if err != nil {
			return host.View{}, err
		}
		defer func() { _ = f.Close() }() // only read
		in = f
	}
	return host.View{}, r.Run(r.c.Context, r.words(stdio), host.Streams{In: in, Out: r.streams.Out, Err: r.streams.Err})
}

func (h Host) loadImages(ctx context.Context, c *cli.Context, file string, in io.Reader) (v host.View, err error) {
	if file != stdio {
		f, err := openArchive(file)
		if err != nil {
			return v, err
		}
		defer func() { _ = f.Close() }() // whoever sends it closes it too
		in = f
	}
	client, s, err := h.engineFor(ctx, c)
	if err != nil {
		return v, err
	}
	names, err := client.Load(ctx, in)
	if err != nil {
		return v, fault.Wrap(fault.KindOf(err), "load "+file, err, "see that it is an archive of images: tar -tf "+file)
	}
	v = host.View{Verb: "loaded", Kind: "image", Object: map[string]any{"images": names}, Lines: names}
	for _, name := range names {
		have, err := client.Image(ctx, name)
		if err != nil {
			continue // some engines tell of it by other words than its name
		}
		if wrong := container.WrongMachine(name, have.Architecture); wrong != "" {
			v.Notes = append(v.Notes, wrong)
		}
	}
	if _, err := client.Image(ctx, s.Image); fault.Is(err, fault.Missing) && s.Router != container.Embedded {
		v.Notes = append(v.Notes, "sites use "+s.Image+", which is not among them: SKUPPER_ROUTER_IMAGE names another")
	}
	return v, nil
}

// openArchive opens a file that the engine is to read.
func openArchive(file string) (*os.File, error) {
	info, err := os.Stat(file)
	if err == nil && info.IsDir() {
		err = errors.New("it is a directory")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Missing, "read "+file, err, "")
	}
	var f *os.File
	if err == nil {
		f, err = os.Open(file)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Failed, "read "+file, err, "")
	}
	return f, nil
}
