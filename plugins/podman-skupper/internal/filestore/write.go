package filestore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/lockfile"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/manifest"
)

// lockWait is how long a writer waits for another one.
const lockWait = 15 * time.Second

// lock makes the namespace's directories if need be and takes its lock.
func (s *Store) lock(ctx context.Context) (*lockfile.Lock, error) {
	if err := s.dir.Make(); err != nil {
		return nil, err
	}
	return s.take(ctx)
}

// take takes the namespace's lock, whose directory is there.
func (s *Store) take(ctx context.Context) (*lockfile.Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	return lockfile.Take(ctx, s.dir.StoreLock())
}

// lockThere is lock for who looks after a namespace, and does not make one again that somebody removes.
func (s *Store) lockThere(ctx context.Context) (*lockfile.Lock, error) {
	if !s.Exists() {
		return nil, fault.New(fault.Missing, "namespace "+s.dir.Name()+" was removed: there is no directory "+s.dir.Root(), "")
	}
	if err := s.dir.Complete(); err != nil {
		return nil, err
	}
	return s.take(ctx)
}

// Create implements site.Store.
func (s *Store) Create(ctx context.Context, obj v2alpha1.Object) error {
	return s.create(ctx, obj, false)
}

// CreateSole implements op.Soler.
func (s *Store) CreateSole(ctx context.Context, obj v2alpha1.Object) error {
	return s.create(ctx, obj, true)
}

func (s *Store) create(ctx context.Context, obj v2alpha1.Object, sole bool) error {
	kind := v2alpha1.KindOf(obj)
	if _, err := lookup(kind); err != nil {
		return err
	}
	if err := errors.Join(checkName(obj.GetName()), checkUID(obj.GetUID())); err != nil {
		return fault.Wrap(fault.Usage, "create "+kind, err, "")
	}
	if ns := obj.GetNamespace(); ns != "" && ns != s.dir.Name() {
		return fault.New(fault.Usage, fmt.Sprintf("create %s %s: it belongs to namespace %q, not to %q", kind, obj.GetName(), ns, s.dir.Name()), "")
	}
	l, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer l.Release()
	sweep(s.dir.InputResources())
	in, err := s.Load()
	if err != nil {
		return err
	}
	if e, ok := in.entries[key{kind, obj.GetName()}]; ok {
		return fault.New(fault.Conflict, fmt.Sprintf("%s %q exists already in namespace %s (file %s)", kind, obj.GetName(), s.dir.Name(), e.file), "")
	}
	for k, e := range in.entries {
		if sole && k.kind == kind {
			return fault.New(fault.Conflict, fmt.Sprintf("namespace %s has a %s already, %s (file %s)", s.dir.Name(), kind, k.name, e.file), "")
		}
	}
	path := filepath.Join(s.dir.InputResources(), fileName(kind, obj.GetName()))
	if _, err := os.Lstat(path); err == nil {
		return fault.New(fault.Conflict, fmt.Sprintf("create %s %q: %s is there already and has something else", kind, obj.GetName(), path), "correct or remove that file")
	}
	s.identify(obj)
	whole := v2alpha1.DeepCopy(obj)
	if err := s.saveStatus(whole); err != nil { // before the input, so that no one sees it without
		return err
	}
	return s.saveInput(path, whole)
}

// saveInput writes a resource's own file, without status.
func (s *Store) saveInput(path string, obj v2alpha1.Object) error {
	dropStatus(obj)
	text, err := manifest.YAML(obj)
	if err != nil {
		return err
	}
	return atomicfile.Write(path, permOf(obj), text)
}

// permOf is who may read a file that has obj.
func permOf(objs ...v2alpha1.Object) fs.FileMode {
	for _, o := range objs {
		if isSecret(v2alpha1.KindOf(o)) {
			return 0o600
		}
	}
	return 0o644
}

// saveStatus writes the resource with its status to the runtime, if anything changed there. A resource that has no
// status yet needs no file, unless there is an old one.
func (s *Store) saveStatus(obj v2alpha1.Object) error {
	bare := v2alpha1.DeepCopy(obj)
	dropStatus(bare)
	if manifest.Equal(bare, obj) && s.rendered(v2alpha1.KindOf(obj), obj.GetName()) == nil {
		return nil
	}
	return s.render(obj)
}

// held is a resource of the input, in the store that is locked until lock is released.
type held struct {
	info v2alpha1.KindInfo
	lock *lockfile.Lock
	in   *Input
	e    entry
}

// find locks the store and looks a resource up. With an error nothing is locked.
func (s *Store) find(ctx context.Context, kind, name string) (f held, err error) {
	if f.info, err = lookup(kind); err != nil {
		return f, err
	}
	if !s.Exists() {
		return f, s.missing(&Input{}, f.info.Kind, name)
	}
	if f.lock, err = s.lock(ctx); err != nil {
		return f, err
	}
	defer func() {
		if err != nil {
			f.lock.Release()
		}
	}()
	if f.in, err = s.Load(); err != nil {
		return f, err
	}
	e, ok := f.in.entries[key{f.info.Kind, name}]
	if !ok {
		return f, s.missing(f.in, f.info.Kind, name)
	}
	f.e = e
	return f, nil
}

// Update implements site.Store.
func (s *Store) Update(ctx context.Context, kind, name string, change func(v2alpha1.Object) error) (v2alpha1.Object, error) {
	f, err := s.find(ctx, kind, name)
	if err != nil {
		return nil, err
	}
	defer f.lock.Release()
	info, in, e := f.info, f.in, f.e
	if e.kept {
		return nil, fault.Wrap(fault.Conflict, fmt.Sprintf("cannot change %s %q", info.Kind, name), in.faultOf(e.file), "correct or remove that file")
	}
	if e.list {
		return nil, fault.New(fault.Conflict, fmt.Sprintf("cannot change %s %q: it is in a list in %s", info.Kind, name, e.file), "change it there, or give it a document of its own")
	}
	before := s.complete(v2alpha1.DeepCopy(e.obj))
	after := v2alpha1.DeepCopy(before)
	if err := change(after); err != nil {
		return nil, err
	}
	keepIdentity(after, before)
	if !sameContent(before, after) {
		after.SetGeneration(before.GetGeneration() + 1)
	} else if manifest.Equal(before, after) {
		return after, nil
	}
	if after.GetUID() == "" {
		s.identify(after)
	}
	written := v2alpha1.DeepCopy(after)
	dropStatus(written)
	dropStatus(e.obj)
	e.obj.SetNamespace(in.files[e.file].docs[e.doc].namespace)
	text, err := manifest.Patch(in.files[e.file].docs[e.doc].text, e.obj, written)
	if err != nil {
		return nil, err
	}
	return after, s.replace(in, e, text)
}

// faultOf is the first fault of a file.
func (in *Input) faultOf(name string) error {
	for _, f := range in.Faults {
		if filepath.Base(f.Path) == name {
			return f
		}
	}
	return errors.New(name + " is broken")
}

// keepIdentity undoes changes that Update does not make.
func keepIdentity(after, before v2alpha1.Object) {
	after.SetName(before.GetName())
	after.SetNamespace(before.GetNamespace())
	after.SetUID(before.GetUID())
	after.SetCreationTimestamp(before.GetCreationTimestamp())
	after.SetGeneration(before.GetGeneration())
	v2alpha1.SetTypeMeta(after)
	copyStatus(after, before)
}

// replace writes a document anew and leaves the others of its file as they are. A nil text takes it out, and with the
// last one the file.
func (s *Store) replace(in *Input, e entry, text []byte) error {
	f := in.files[e.file]
	path := filepath.Join(s.dir.InputResources(), e.file)
	var parts [][]byte
	others := false
	for i := range f.docs {
		switch {
		case i != e.doc:
			parts = append(parts, f.docs[i].text)
			others = others || !f.docs[i].blank()
		case text != nil:
			if len(parts) == 0 && len(f.docs) > 1 {
				parts = append(parts, nil) // begins with a separator
			}
			parts = append(parts, text)
			others = true
		}
	}
	if !others {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap(fault.Failed, "delete resource", err, "")
		}
		atomicfile.SyncDir(filepath.Dir(path))
		return nil
	}
	perm := f.mode
	if f.secret() {
		perm = 0o600
	}
	return atomicfile.Write(path, perm, join(parts))
}

// join puts documents together again.
func join(parts [][]byte) []byte {
	var b bytes.Buffer
	for i, p := range parts {
		if i > 0 {
			b.WriteString("---\n")
		}
		b.Write(p)
		if len(p) > 0 && p[len(p)-1] != '\n' {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

// UpdateStatus implements site.Store.
func (s *Store) UpdateStatus(ctx context.Context, kind, name string, change func(v2alpha1.Object) error) error {
	f, err := s.find(ctx, kind, name)
	if err != nil {
		return err
	}
	defer f.lock.Release()
	before := s.complete(v2alpha1.DeepCopy(f.e.obj))
	after := v2alpha1.DeepCopy(before)
	if err := change(after); err != nil {
		return err
	}
	whole := before
	copyStatus(whole, after)
	if whole.GetUID() == "" {
		s.identify(whole)
	}
	return s.saveStatus(whole)
}

// Delete implements site.Store.
func (s *Store) Delete(ctx context.Context, kind, name string) error {
	f, err := s.find(ctx, kind, name)
	if err != nil {
		return err
	}
	defer f.lock.Release()
	info, in, e := f.info, f.in, f.e
	switch {
	case e.kept && len(in.ofFile(e.file)) > 1:
		return fault.Wrap(fault.Conflict, fmt.Sprintf("cannot delete %s %q", info.Kind, name), in.faultOf(e.file), "correct or remove that file")
	case e.list:
		return fault.New(fault.Conflict, fmt.Sprintf("cannot delete %s %q: it is in a list in %s", info.Kind, name, e.file), "take it out there")
	case e.kept: // its own file, and broken: nothing else is lost with it
		if err := os.Remove(filepath.Join(s.dir.InputResources(), e.file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap(fault.Failed, "delete resource", err, "")
		}
	default:
		if err := s.replace(in, e, nil); err != nil {
			return err
		}
	}
	if err := os.Remove(filepath.Join(s.dir.RuntimeResources(), fileName(info.Kind, name))); !removed(err) {
		return fault.Wrap(fault.Failed, "delete status", err, "")
	}
	return nil
}

// ofFile is the resources that a file has.
func (in *Input) ofFile(name string) (keys []key) {
	for k, e := range in.entries {
		if e.file == name {
			keys = append(keys, k)
		}
	}
	return keys
}
