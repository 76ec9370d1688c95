package filestore

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// Fault is something wrong with an input file. Only that file, or that document of it, is affected.
type Fault struct {
	Path string
	Line int // 0 if it is not about a line
	Why  string
	// Kept says that the last good version of the file's resources stays in use.
	Kept bool
	// Remark says that it hinders nothing: the resource is in use, or the document never was for us.
	Remark bool
	// Unknown says of a remark that the document was for us, and this version has no such kind: whoever asks whether all is
	// applied is to hear of it.
	Unknown bool
	// Kind and Name are the resource that is affected, where that can be told.
	Kind, Name string
}

// Error is "path:line: why".
func (f Fault) Error() string {
	at := f.Path
	if f.Line > 0 {
		at = fmt.Sprintf("%s:%d", f.Path, f.Line)
	}
	text := at + ": " + f.Why
	if f.Kept {
		text += " (the last good version stays in use)"
	}
	return text
}

// file is one input file as it was read.
type file struct {
	name string
	mode fs.FileMode
	docs []document
}

// Input is all that a namespace's input has.
type Input struct {
	Objects []v2alpha1.Object // by kind and name; metadata and spec only
	Faults  []Fault           // by path and line

	entries map[key]entry
	files   map[string]*file // by name, with what could be read of them
}

// secret tells whether the file may be read by its owner only.
func (f *file) secret() bool {
	for i := range f.docs {
		for _, r := range f.docs[i].objs {
			if isSecret(v2alpha1.KindOf(r.obj)) {
				return true
			}
		}
	}
	return false
}

// resources counts what the file has for us.
func (f *file) resources() (n int) {
	for i := range f.docs {
		n += len(f.docs[i].objs)
	}
	return n
}

type key struct{ kind, name string }

// entry is where a resource stands.
type entry struct {
	file string
	doc  int
	obj  v2alpha1.Object
	list bool // it shares its document with others
	kept bool // from the snapshot: its file is broken now
}

// isResource tells whether a file of this name is read.
func isResource(name string) bool {
	ext := filepath.Ext(name)
	return (ext == ".yaml" || ext == ".yml") && !strings.HasPrefix(name, ".")
}

// load reads the resources of a directory. Files that are broken are replaced by those of the directory fallback, if
// it has them. A directory that is not there has no resources. An error means that nothing can be said about the input.
func load(dir, fallback, namespace string) (*Input, error) {
	in := &Input{entries: map[key]entry{}, files: map[string]*file{}}
	names, err := resourceNames(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		path := filepath.Join(dir, name)
		f, faults := readFile(path)
		if f != nil {
			in.files[name] = f
			in.add(path, name, f, namespace)
		}
		kept := false
		if broken(faults) && fallback != "" {
			if old, oldFaults := readFile(filepath.Join(fallback, name)); old != nil && old.resources() > 0 && !broken(oldFaults) {
				in.keep(old, namespace) // here, so that what other files have too does not take its place all of a sudden
				kept = true
			}
		}
		for i := range faults {
			faults[i].Kept = kept && !faults[i].Remark
			if faults[i].Kind == "" {
				faults[i].Kind, faults[i].Name = fromFileName(name)
			}
		}
		in.Faults = append(in.Faults, faults...)
	}
	in.sort()
	return in, nil
}

// add takes the resources of a file over.
func (in *Input) add(path, name string, f *file, namespace string) {
	for i := range f.docs {
		for _, r := range f.docs[i].objs {
			k := key{v2alpha1.KindOf(r.obj), r.obj.GetName()}
			if ns := r.obj.GetNamespace(); ns != "" && ns != namespace {
				in.Faults = append(in.Faults, Fault{Path: path, Line: r.line, Kind: k.kind, Name: k.name,
					Why: fmt.Sprintf("%s %s belongs to namespace %q, not to %q, and is ignored", k.kind, k.name, ns, namespace)})
				continue
			}
			if first, twice := in.entries[k]; twice {
				in.Faults = append(in.Faults, Fault{Path: path, Line: r.line, Kind: k.kind, Name: k.name,
					Why: fmt.Sprintf("%s %s is in %s too; only that one counts", k.kind, k.name, first.file)})
				continue
			}
			r.obj.SetNamespace(namespace)
			in.entries[k] = entry{file: name, doc: i, obj: r.obj, list: len(f.docs[i].objs) > 1}
		}
	}
}

// keep takes those resources over from the last good version of a file that nothing else has.
func (in *Input) keep(f *file, namespace string) {
	for i := range f.docs {
		for _, r := range f.docs[i].objs {
			k := key{v2alpha1.KindOf(r.obj), r.obj.GetName()}
			if _, there := in.entries[k]; there || r.obj.GetNamespace() != "" && r.obj.GetNamespace() != namespace {
				continue
			}
			r.obj.SetNamespace(namespace)
			in.entries[k] = entry{file: f.name, obj: r.obj, kept: true}
		}
	}
}

// Kept tells whether a resource is as it was because its file is broken now, and how that is.
func (in *Input) Kept(kind, name string) (Fault, bool) {
	e := in.entries[key{kind, name}]
	for _, f := range in.Faults {
		if e.kept && f.Kept && filepath.Base(f.Path) == e.file {
			return f, true
		}
	}
	return Fault{}, false
}

func (in *Input) sort() {
	for _, e := range in.entries {
		in.Objects = append(in.Objects, e.obj)
	}
	sort.Slice(in.Objects, func(i, j int) bool {
		a, b := in.Objects[i], in.Objects[j]
		if ka, kb := v2alpha1.KindOf(a), v2alpha1.KindOf(b); ka != kb {
			return ka < kb
		}
		return a.GetName() < b.GetName()
	})
	sort.SliceStable(in.Faults, func(i, j int) bool {
		a, b := in.Faults[i], in.Faults[j]
		if a.Path != b.Path {
			return a.Path < b.Path
		}
		return a.Line < b.Line
	})
}

// directoriesHint is what to do where a file stands for a directory.
const directoriesHint = "SKUPPER_HOME and all below it have to be directories"

func resourceNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		hint := "the directory has to be readable by the user who runs this"
		if errors.Is(err, syscall.ENOTDIR) {
			hint = directoriesHint
		}
		return nil, fault.Wrap(fault.Failed, "read resources", err, hint)
	}
	var names []string
	for _, e := range entries {
		if isResource(e.Name()) {
			names = append(names, e.Name())
		}
	}
	if len(names) > maxFiles {
		return nil, fault.New(fault.Failed, fmt.Sprintf("read resources: %s has %d files, want %d or fewer", dir, len(names), maxFiles), "")
	}
	return names, nil
}

// broken tells whether any fault means that a document could not be read.
func broken(faults []Fault) bool {
	for _, f := range faults {
		if !f.Remark {
			return true
		}
	}
	return false
}

// readFile reads one file. It is nil if the file as a whole cannot be used; faults name what is wrong with it or with
// some of its documents.
func readFile(path string) (*file, []Fault) {
	content, mode, err := readBounded(path)
	if errors.Is(err, fs.ErrNotExist) {
		if to, bad := os.Readlink(path); bad == nil {
			return nil, []Fault{{Path: path, Why: "is a link to " + to + ", which does not exist"}}
		}
		return nil, nil // gone since the directory was listed
	}
	if err != nil {
		return nil, []Fault{{Path: path, Why: err.Error()}}
	}
	f := &file{name: filepath.Base(path), mode: mode, docs: split(content)}
	if len(f.docs) > maxDocuments {
		return nil, []Fault{{Path: path, Why: fmt.Sprintf("has %d documents, want %d or fewer", len(f.docs), maxDocuments)}}
	}
	var faults []Fault
	for i := range f.docs {
		faults = append(faults, f.docs[i].decode(path)...)
	}
	return f, faults
}

// readBounded reads a regular file of at most maxFile octets, following links.
func readBounded(path string) ([]byte, fs.FileMode, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|nonBlock, 0) // a named pipe does not hold us up
	if err != nil {
		return nil, 0, pathCause(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, 0, pathCause(err)
	case info.IsDir():
		return nil, 0, errors.New("is a directory, want a file")
	case !info.Mode().IsRegular():
		return nil, 0, errors.New("is not a regular file")
	case info.Size() > maxFile:
		return nil, 0, fmt.Errorf("has %d octets, want %d or fewer", info.Size(), maxFile)
	}
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, 0, pathCause(err)
	}
	if len(content) > maxFile {
		return nil, 0, fmt.Errorf("has more than %d octets", maxFile)
	}
	return content, info.Mode().Perm(), nil
}

// pathCause drops the path from an error where the message has it already.
func pathCause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) && !errors.Is(err, fs.ErrNotExist) {
		if errors.Is(err, syscall.EACCES) {
			return errors.New("cannot be read: permission denied")
		}
		return p.Err
	}
	return err
}

// fromFileName tells which resource a file written by Create has.
func fromFileName(name string) (kind, res string) {
	kind, res, ok := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), ".yml"), "-")
	if info, known := v2alpha1.Lookup(kind); !ok || !known || info.Kind != kind {
		return "", ""
	}
	return kind, res
}

// sweep removes temporary files left in dir by writers that were killed. The caller holds the store's lock.
func sweep(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if atomicfile.IsTemp(e.Name()) {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
