package filestore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/site"
)

var _ site.Store = (*Store)(nil)

// Store is the site.Store of one namespace. Making one touches nothing: directories are made by the first write.
type Store struct {
	dir Dir
	now func() time.Time // for creation times
}

// Open gives the store of a namespace. now is the time of creation of what is created.
func Open(dir Dir, now func() time.Time) *Store { return &Store{dir: dir, now: now} }

// Dir is where the namespace is kept.
func (s *Store) Dir() Dir { return s.dir }

// Namespace implements site.Store.
func (s *Store) Namespace() string { return s.dir.Name() }

// Load reads the whole input, and what is wrong with it.
func (s *Store) Load() (*Input, error) {
	return load(s.dir.InputResources(), s.dir.Snapshot(), s.dir.Name())
}

// Get implements site.Store.
func (s *Store) Get(_ context.Context, kind, name string) (v2alpha1.Object, error) {
	info, err := lookup(kind)
	if err != nil {
		return nil, err
	}
	in, err := s.Load()
	if err != nil {
		return nil, err
	}
	e, ok := in.entries[key{info.Kind, name}]
	if !ok {
		return nil, s.missing(in, info.Kind, name)
	}
	return s.complete(e.obj), nil
}

// List implements site.Store.
func (s *Store) List(_ context.Context, kind string) ([]v2alpha1.Object, error) {
	if kind != "" {
		info, err := lookup(kind)
		if err != nil {
			return nil, err
		}
		kind = info.Kind
	}
	in, err := s.Load()
	if err != nil {
		return nil, err
	}
	var out []v2alpha1.Object
	for _, o := range in.Objects {
		k := v2alpha1.KindOf(o)
		if kind == "" || kind == k {
			out = append(out, s.complete(o))
		}
	}
	return out, nil
}

// lookup finds a kind.
func lookup(kind string) (v2alpha1.KindInfo, error) {
	info, ok := v2alpha1.Lookup(kind)
	if !ok {
		return info, fault.New(fault.Usage, fmt.Sprintf("kind %q does not exist", kind), "")
	}
	return info, nil
}

// missing says that there is no such resource, or that its file is broken.
func (s *Store) missing(in *Input, kind, name string) error {
	for _, f := range in.Faults {
		if f.Kind == kind && f.Name == name {
			return fault.Wrap(fault.Missing, fmt.Sprintf("%s %q cannot be read", kind, name), f, "correct or remove that file")
		}
	}
	return fault.New(fault.Missing, fmt.Sprintf("%s %q not found in namespace %s", kind, name, s.dir.Name()), "")
}

// complete adds to what stands in the input what is kept in the runtime: the status, and identity and generation of
// resources written by hand.
func (s *Store) complete(obj v2alpha1.Object) v2alpha1.Object {
	old := s.rendered(v2alpha1.KindOf(obj), obj.GetName())
	dropStatus(obj)
	if old == nil {
		if obj.GetGeneration() == 0 {
			obj.SetGeneration(1)
		}
		return obj
	}
	if obj.GetUID() == "" {
		obj.SetUID(old.GetUID())
	} else if uid := old.GetUID(); uid != "" && uid != obj.GetUID() {
		if obj.GetGeneration() == 0 {
			obj.SetGeneration(1)
		}
		return obj // made anew under the same name: the old one's status says nothing of it
	}
	if t := obj.GetCreationTimestamp(); t.IsZero() {
		obj.SetCreationTimestamp(old.GetCreationTimestamp())
	}
	// A spec that was edited by hand is a new generation, without the editor having to say so.
	gen := max(obj.GetGeneration(), old.GetGeneration(), 1)
	if gen == old.GetGeneration() && !sameContent(obj, old) {
		gen++
	}
	obj.SetGeneration(gen)
	copyStatus(obj, old)
	return obj
}

// rendered is the resource as it is in the runtime, or nil. A file there that cannot be read is as good as none: it is
// written anew.
func (s *Store) rendered(kind, name string) v2alpha1.Object {
	if kind == v2alpha1.KindSecret {
		return nil
	}
	f, faults := readFile(filepath.Join(s.dir.RuntimeResources(), fileName(kind, name)))
	if f == nil || broken(faults) {
		return nil
	}
	for i := range f.docs {
		for _, r := range f.docs[i].objs {
			if v2alpha1.KindOf(r.obj) == kind && r.obj.GetName() == name {
				return r.obj
			}
		}
	}
	return nil
}

// sameContent compares two resources but for metadata and status.
func sameContent(a, b v2alpha1.Object) bool {
	ta, errA := content(a)
	tb, errB := content(b)
	return errA == nil && errB == nil && reflect.DeepEqual(ta, tb)
}

func content(o v2alpha1.Object) (map[string]any, error) {
	t, err := manifest.Tree(o)
	delete(t, "metadata")
	delete(t, "status")
	return t, err
}

// dropStatus empties the status of obj.
func dropStatus(obj v2alpha1.Object) {
	if f := reflect.ValueOf(obj).Elem().FieldByName("Status"); f.IsValid() {
		f.SetZero()
	}
}

// copyStatus gives to the status of from.
func copyStatus(to, from v2alpha1.Object) {
	t, f := reflect.ValueOf(to).Elem().FieldByName("Status"), reflect.ValueOf(from).Elem().FieldByName("Status")
	if t.IsValid() && f.IsValid() {
		t.Set(f)
	}
}

// identify sets what a new resource must have.
func (s *Store) identify(obj v2alpha1.Object) {
	v2alpha1.SetTypeMeta(obj)
	obj.SetNamespace(s.dir.Name())
	obj.SetResourceVersion("")
	obj.SetManagedFields(nil)
	if obj.GetUID() == "" {
		obj.SetUID(types.UID(uuid.NewString()))
	}
	if obj.GetGeneration() == 0 {
		obj.SetGeneration(1)
	}
	if t := obj.GetCreationTimestamp(); t.IsZero() {
		obj.SetCreationTimestamp(metav1.NewTime(s.now().UTC().Truncate(time.Second)))
	}
}

// Exists tells whether the namespace has a directory.
func (s *Store) Exists() bool {
	info, err := os.Stat(s.dir.Root())
	return err == nil && info.IsDir()
}

// removed tells whether err only says that a file is not there.
func removed(err error) bool { return err == nil || errors.Is(err, fs.ErrNotExist) }
