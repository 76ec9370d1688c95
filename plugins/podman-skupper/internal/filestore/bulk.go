package filestore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/manifest"
)

// Identify gives every resource that was written by hand an identity that stays, kept in the runtime, and returns
// the input with everything completed: what List would give.
func (s *Store) Identify(ctx context.Context) (*Input, error) {
	l, err := s.lockThere(ctx)
	if err != nil {
		return nil, err
	}
	defer l.Release()
	in, err := s.Load()
	if err != nil {
		return nil, err
	}
	var faults error
	for _, o := range in.Objects {
		s.complete(o)
		if o.GetUID() == "" {
			s.identify(o)
			faults = multierr.Append(faults, s.render(o))
		}
	}
	return in, faults
}

// SaveStatuses writes the statuses of several resources in one go, those that changed only. Resources that are gone
// by now are left out. Resources in extra, which the site made for itself, are written too; those of kinds in extra
// and of resources that are gone are removed from the runtime.
func (s *Store) SaveStatuses(ctx context.Context, objs, extra []v2alpha1.Object) error {
	l, err := s.lockThere(ctx)
	if err != nil {
		return err
	}
	defer l.Release()
	in, err := s.Load()
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	for k := range in.entries {
		keep[fileName(k.kind, k.name)] = true
	}
	var faults error
	for _, o := range objs {
		e, ok := in.entries[key{v2alpha1.KindOf(o), o.GetName()}]
		if !ok {
			continue
		}
		now := s.complete(v2alpha1.DeepCopy(e.obj))
		if now.GetUID() != "" && now.GetUID() != o.GetUID() {
			continue // made anew meanwhile
		}
		now.SetUID(o.GetUID())
		now.SetCreationTimestamp(o.GetCreationTimestamp())
		copyStatus(now, o)
		// The spec rendered is the one the status was computed for, so that a later edit is seen as one.
		if now.GetGeneration() != o.GetGeneration() {
			now = v2alpha1.DeepCopy(o)
		}
		faults = multierr.Append(faults, s.render(now))
	}
	for _, o := range extra {
		if keep[fileName(v2alpha1.KindOf(o), o.GetName())] {
			continue
		}
		o = v2alpha1.DeepCopy(o)
		if old := s.rendered(v2alpha1.KindOf(o), o.GetName()); old != nil {
			o.SetUID(old.GetUID())
			o.SetCreationTimestamp(old.GetCreationTimestamp())
		}
		s.identify(o)
		faults = multierr.Append(faults, s.render(o))
		keep[fileName(v2alpha1.KindOf(o), o.GetName())] = true
	}
	return multierr.Append(faults, removeOthers(s.dir.RuntimeResources(), keep, true))
}

// render writes a resource to the runtime whether or not it has a status.
func (s *Store) render(obj v2alpha1.Object) error {
	kind := v2alpha1.KindOf(obj)
	if kind == v2alpha1.KindSecret {
		return nil
	}
	text, err := manifest.YAML(obj)
	if err != nil {
		return err
	}
	_, err = atomicfile.WriteChanged(filepath.Join(s.dir.RuntimeResources(), fileName(kind, obj.GetName())), permOf(obj), text)
	return err
}

// removeOthers removes the resource files of dir that are not to be kept; with ours only those named for a kind known
// here: other tools keep theirs in the same place.
func removeOthers(dir string, keep map[string]bool, ours bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fault.Wrap(fault.Failed, "read directory", err, "")
	}
	var faults error
	for _, e := range entries {
		if e.IsDir() || keep[e.Name()] || !isResource(e.Name()) && !atomicfile.IsTemp(e.Name()) {
			continue
		}
		if kind, _ := fromFileName(e.Name()); ours && kind == "" && !atomicfile.IsTemp(e.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			faults = multierr.Append(faults, fault.Wrap(fault.Failed, "remove file", err, ""))
		}
	}
	return faults
}

// TakeSnapshot copies the input's good files, to fall back on when they are broken later.
func (s *Store) TakeSnapshot(ctx context.Context) error {
	l, err := s.lockThere(ctx)
	if err != nil {
		return err
	}
	defer l.Release()
	names, err := resourceNames(s.dir.InputResources())
	if err != nil {
		return err
	}
	keep := map[string]bool{}
	var faults error
	for _, name := range names {
		keep[name] = true
		f, bad := readFile(filepath.Join(s.dir.InputResources(), name))
		if f == nil || broken(bad) {
			continue
		}
		perm := fs.FileMode(0o644)
		if f.secret() {
			perm = 0o600
		}
		var parts [][]byte
		for i := range f.docs {
			parts = append(parts, f.docs[i].text)
		}
		_, err := atomicfile.WriteChanged(filepath.Join(s.dir.Snapshot(), name), perm, join(parts))
		faults = multierr.Append(faults, err)
	}
	return multierr.Append(faults, removeOthers(s.dir.Snapshot(), keep, false))
}
