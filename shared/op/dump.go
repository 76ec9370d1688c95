package op

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/manifest"
)

// Bounds of a dump, in octets.
const (
	maxDumpFile = 8 << 20
	maxDump     = 256 << 20
)

// Diagnostics finds what besides resources tells of a site: logs, processes, configurations.
type Diagnostics interface {
	// Collect adds files, each with a slash-separated path. What cannot be had is an error in what it returns, of as many as
	// there are; the rest is added all the same. It adds nothing secret.
	Collect(ctx context.Context, add func(path string, text []byte)) error
}

// Dump gathers all that helps to find out what is wrong with a site, without anything that is secret.
type Dump struct {
	Version string // of the program
	Now     time.Time
}

// Dumped is what Run did.
type Dumped struct {
	Files  int      `json:"files"`
	Failed []string `json:"failed,omitempty"` // what could not be had, and why
}

// Run writes a gzipped tar archive to out. What cannot be had is told in it, and does not stop the rest; if nothing can be had,
// nothing is written.
func (c Dump) Run(ctx context.Context, p Ports, out io.Writer) (did Dumped, err error) {
	zip := gzip.NewWriter(out)
	archive := tar.NewWriter(zip)
	w := &dumpWriter{archive: archive, now: c.Now}
	var first error
	fail := func(err error) {
		for _, e := range split(err) {
			did.Failed = append(did.Failed, oneLine(e))
			if first == nil {
				first = e
			}
		}
	}
	for _, kind := range append(siteKinds(), v2alpha1.KindSite, v2alpha1.KindSecret) {
		if err := ctx.Err(); err != nil {
			return did, err
		}
		all, err := p.Store.List(ctx, kind)
		if fault.Is(err, fault.Usage) {
			continue // an older cluster does not know every kind
		}
		if err != nil {
			fail(fmt.Errorf("list resources of kind %s: %w", kind, err))
			continue
		}
		for _, o := range all {
			if s, ok := o.(*v2alpha1.Secret); ok && !s.IsTLSCredentials() && s.Type != v2alpha1.SecretTypeBasicAuth {
				continue // somebody else's
			}
			text, err := masked(o)
			if err != nil {
				fail(err)
				continue
			}
			w.add("resources/"+kind+"-"+o.GetName()+".yaml", text)
		}
	}
	if p.System != nil {
		if st, err := p.System.Status(ctx); err != nil {
			fail(err)
		} else if text, err := yaml.Marshal(st); err == nil {
			w.add("system.yaml", text)
		}
	}
	if p.Diagnostics != nil {
		fail(p.Diagnostics.Collect(ctx, w.add))
	}
	if w.files == 0 && first != nil { // what says nothing of a site is no dump
		return did, fault.Wrap(fault.KindOf(first), "nothing can be had", first, fault.Hint(first))
	}
	w.add("version.txt", fmt.Appendf(nil, "%s\n", c.Version))
	if len(did.Failed) > 0 {
		w.add("errors.txt", []byte(strings.Join(did.Failed, "\n")+"\n"))
	}
	did.Files = w.files
	return did, errors.Join(ctx.Err(), w.err, archive.Close(), zip.Close())
}

// split is the errors that one is made of, none of nil.
func split(err error) []error {
	if err == nil {
		return nil
	}
	var several interface{ Unwrap() []error }
	if errors.As(err, &several) {
		return several.Unwrap()
	}
	return []error{err}
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

type dumpWriter struct {
	archive *tar.Writer
	now     time.Time
	files   int
	size    int
	err     error
}

// add writes a file, its end only if it is too long, and none when the archive is.
func (w *dumpWriter) add(path string, text []byte) {
	if len(text) > maxDumpFile {
		text = text[len(text)-maxDumpFile:]
	}
	if w.err != nil || w.size+len(text) > maxDump {
		return
	}
	w.size += len(text)
	w.files++
	w.err = w.archive.WriteHeader(&tar.Header{Name: "skupper-dump/" + path, Mode: 0o600, Size: int64(len(text)), ModTime: w.now, Typeflag: tar.TypeReg})
	if w.err == nil {
		_, w.err = w.archive.Write(text)
	}
}

const mask = "(masked)"

var passwords = regexp.MustCompile(`("(?:saslPassword|password)"\s*:\s*")(?:[^"\\]|\\.)*"`)

// MaskPasswords is a router's configuration without its passwords.
func MaskPasswords(config []byte) []byte {
	return passwords.ReplaceAll(config, []byte("${1}"+mask+`"`))
}

// lastApplied is where kubectl apply keeps a copy of the resource, with what is masked in it.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// masked is a resource as YAML, without what gives rights to whoever has it: keys, codes and passwords. Certificates are public.
func masked(o v2alpha1.Object) ([]byte, error) {
	o = v2alpha1.DeepCopy(o)
	o.SetManagedFields(nil)
	if notes := o.GetAnnotations(); notes[lastApplied] != "" {
		delete(notes, lastApplied)
		o.SetAnnotations(notes)
	}
	switch o := o.(type) {
	case *v2alpha1.AccessGrant:
		hide(&o.Spec.Code)
		hide(&o.Status.Code)
	case *v2alpha1.AccessToken:
		hide(&o.Spec.Code)
	case *v2alpha1.Secret:
		for key, value := range o.Data {
			if key != v2alpha1.SecretKeyCert && key != v2alpha1.SecretKeyCA {
				o.Data[key] = fmt.Appendf(nil, "%s, %d octets", mask, len(value))
			}
		}
	}
	tree, err := manifest.Tree(o)
	if err != nil {
		return nil, err
	}
	return yaml.Marshal(tree)
}

func hide(text *string) {
	if *text != "" {
		*text = mask
	}
}
