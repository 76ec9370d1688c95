package command

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

const dumpEnding = ".tar.gz"

// dumpMode is of a file that says much of a site, if nothing secret.
const dumpMode = 0o600

func (t *tree) debugDump() verb {
	return verb{
		name: "dump", operands: "[FILE]", usage: "gather all that helps to find out what is wrong into one archive",
		more: "Keys, codes and passwords are left out. FILE without an ending gets the namespace, the time and " + dumpEnding + " (default skupper-dump); '-' is stdout.\n" +
			"What cannot be had is told in the archive, in errors.txt.",
		example: "dump",
		output:  true, manner: host.Change,
		read: func(in *input) job {
			file := in.dumpFile()
			in.check(writable(file))
			return func(ctx context.Context, s *session) (host.View, error) { return dump(ctx, s, file) }
		},
		afar: func(in *input) afar { return dumpAfar(in.dumpFile()) },
	}
}

func (in *input) dumpFile() string {
	if file := in.optional(); file != "" {
		return file
	}
	return "skupper-dump"
}

// dumpName is the file of a dump of a namespace: one without an ending gets more of a name.
func dumpName(file, namespace string, now time.Time) string {
	if file == stdio || strings.Contains(filepath.Base(file), ".") {
		return file
	}
	return file + "-" + namespace + "-" + now.Format("20060102150405") + dumpEnding
}

func dump(ctx context.Context, s *session, file string) (host.View, error) {
	site, err := s.open(ctx)
	if err != nil {
		return host.View{}, err
	}
	now := time.Now()
	file = dumpName(file, site.Namespace, now)
	var did op.Dumped
	run := func(w io.Writer) (err error) {
		did, err = op.Dump{Version: s.host.Command() + " " + s.host.Version(), Now: now}.Run(ctx, site.Ports, w)
		return err
	}
	if file == stdio {
		err = run(s.streams.Out)
	} else {
		err = atomicfile.Output(file, dumpMode, run)
	}
	if err != nil && did.Files == 0 && len(did.Failed) > 0 { // nothing was there to write
		return host.View{}, err
	}
	if err != nil {
		return host.View{}, fault.Wrap(fault.KindOf(err), "write the dump to "+file, err, "choose another file, or - for stdout")
	}
	var notes []string
	for _, f := range did.Failed {
		notes = append(notes, "not in it: "+f)
	}
	if file == stdio { // the dump itself is the answer
		return host.View{Notes: notes}, nil
	}
	type written struct {
		File string `json:"file"`
		op.Dumped
	}
	return host.View{Verb: "written", Name: file, Object: written{file, did}, Notes: notes}, nil
}
