package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/op"
)

// extensions are of files with resources.
var extensions = []string{".yaml", ".yml", ".json"}

// maxFiles bounds how many files of a directory are read.
const maxFiles = 1000

func filenameFlag() []cli.Flag {
	return one(&cli.StringSliceFlag{Name: "filename", Aliases: []string{"f"}, Usage: "`FILE`, directory or - with the resources; may be given again"})
}

func (in *input) filenames() []string {
	names := in.texts("filename")
	if len(names) == 0 {
		in.fault("filename is missing, want a file, a directory or - for stdin")
	}
	if slices.Contains(names, "") {
		in.fault("filename is empty")
	}
	if i := slices.Index(names, stdio); i >= 0 && slices.Contains(names[i+1:], stdio) {
		in.fault("filename is - twice, but there is one stdin")
	}
	return names
}

func (t *tree) systemApply() verb {
	return verb{
		name: "apply", usage: "create or change resources so that they are as files say",
		more:    "Nothing is applied unless everything is well-formed. It can be run again and again.",
		example: "-f west-link.yaml",
		output:  true, manner: host.Change, flags: with(filenameFlag(), settleFlags()),
		read: func(in *input) job {
			names, wait := in.filenames(), in.gone()
			return func(ctx context.Context, s *session) (host.View, error) {
				docs, err := readDocuments(ctx, names, s.streams.In)
				if err != nil {
					return host.View{}, err
				}
				c := op.Apply{Documents: docs, Settle: wait}
				if err := host.Usage("system apply", c.Check(), ""); err != nil {
					return host.View{}, err
				}
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				did, err := c.Run(ctx, site.Ports, s.say)
				v := changes(did)
				if slices.ContainsFunc(did, func(d op.Changed) bool { return d.Kind == v2alpha1.KindLink || d.Kind == v2alpha1.KindAccessToken }) {
					v.Next = s.next("link", "status")
				}
				return v, err
			}
		},
		afar: func(in *input) afar { return documentsAfar(in.filenames()) },
	}
}

func (t *tree) systemDelete() verb {
	return verb{
		name: "delete", usage: "delete the resources that files name",
		more:    "What is not there any more is an error only after all others are deleted.",
		example: "-f west-link.yaml",
		output:  true, manner: host.Change, flags: with(filenameFlag(), goneFlags()),
		read: func(in *input) job {
			names, gone := in.filenames(), in.gone()
			return func(ctx context.Context, s *session) (host.View, error) {
				docs, err := readDocuments(ctx, names, s.streams.In)
				if err != nil {
					return host.View{}, err
				}
				c := op.DeleteDocuments{Documents: docs, Gone: gone}
				if err := host.Usage("system delete", c.Check(), ""); err != nil {
					return host.View{}, err
				}
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				did, err := c.Run(ctx, site.Ports, s.say)
				return changes(did), err
			}
		},
		afar: func(in *input) afar { return documentsAfar(in.filenames()) },
	}
}

// readDocuments reads all files before anything else is done with one, and reports everything wrong at once.
func readDocuments(ctx context.Context, names []string, in io.Reader) ([]manifest.Document, error) {
	var all []manifest.Document
	var failed error
	for _, name := range names {
		if name == stdio {
			docs, err := manifest.Read(stdin{ctx, in}, "stdin")
			all, failed = append(all, docs...), multierr.Append(failed, err)
			continue
		}
		files, err := filesOf(name)
		failed = multierr.Append(failed, err)
		for _, file := range files {
			docs, err := readFile(ctx, file)
			all, failed = append(all, docs...), multierr.Append(failed, err)
		}
	}
	return all, failed
}

func readFile(ctx context.Context, file string) ([]manifest.Document, error) {
	f, err := openFile(ctx, file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	return manifest.Read(stdin{ctx, f}, file)
}

// filesOf is the file itself, or the files in a directory, not those below it, that look like resources.
func filesOf(name string) ([]string, error) {
	info, err := os.Stat(name)
	switch {
	case os.IsNotExist(err):
		return nil, fault.New(fault.Missing, "there is no file "+name, "")
	case err != nil:
		return nil, fault.Wrap(fault.Usage, "read "+name, err, "")
	case !info.IsDir():
		return []string{name}, nil
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, fault.Wrap(fault.Usage, "read "+name, err, "")
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && slices.Contains(extensions, filepath.Ext(e.Name())) {
			files = append(files, filepath.Join(name, e.Name()))
		}
	}
	switch {
	case len(files) == 0:
		return nil, fault.New(fault.Usage, "directory "+name+" has no .yaml, .yml or .json file", "")
	case len(files) > maxFiles:
		return nil, fault.New(fault.Usage, fmt.Sprintf("directory %s has %d files, want %d or fewer", name, len(files), maxFiles), "")
	}
	return files, nil
}
