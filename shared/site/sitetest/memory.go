package sitetest

import (
	"context"
	"fmt"
	"sort"
	"sync"
	"time"

	"github.com/google/uuid"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/site"
)

var _ site.Store = (*Memory)(nil)

// Memory is a site.Store in memory.
type Memory struct {
	mu        sync.Mutex
	namespace string
	objects   map[key]v2alpha1.Object
	watchers  map[chan site.Event]struct{}
}

type key struct{ kind, name string }

// NewMemory makes a store of the namespace "default" with copies of the objects. It panics if one cannot be created,
// which only a wrong test does.
func NewMemory(objs ...v2alpha1.Object) *Memory {
	m := &Memory{namespace: "default", objects: map[key]v2alpha1.Object{}, watchers: map[chan site.Event]struct{}{}}
	for _, o := range objs {
		if err := m.create(v2alpha1.DeepCopy(o)); err != nil {
			panic(err)
		}
	}
	return m
}

// Namespace implements site.Store.
func (m *Memory) Namespace() string { return m.namespace }

// Get implements site.Store.
func (m *Memory) Get(_ context.Context, kind, name string) (v2alpha1.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, err := m.find(kind, name)
	if err != nil {
		return nil, err
	}
	return v2alpha1.DeepCopy(o), nil
}

func (m *Memory) find(kind, name string) (v2alpha1.Object, error) {
	if err := known(kind); err != nil {
		return nil, err
	}
	o, ok := m.objects[key{kind, name}]
	if !ok {
		return nil, fault.New(fault.Missing, fmt.Sprintf("%s %q not found", kind, name), "")
	}
	return o, nil
}

func known(kind string) error {
	if info, ok := v2alpha1.Lookup(kind); !ok || info.Kind != kind {
		return fault.New(fault.Usage, fmt.Sprintf("kind %q does not exist", kind), "")
	}
	return nil
}

// List implements site.Store.
func (m *Memory) List(_ context.Context, kind string) ([]v2alpha1.Object, error) {
	if kind != "" {
		if err := known(kind); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []key
	for k := range m.objects {
		if kind == "" || k.kind == kind {
			keys = append(keys, k)
		}
	}
	sort.Slice(keys, func(i, j int) bool {
		if keys[i].kind != keys[j].kind {
			return keys[i].kind < keys[j].kind
		}
		return keys[i].name < keys[j].name
	})
	var out []v2alpha1.Object
	for _, k := range keys {
		out = append(out, v2alpha1.DeepCopy(m.objects[k]))
	}
	return out, nil
}

// Create implements site.Store.
func (m *Memory) Create(_ context.Context, obj v2alpha1.Object) error { return m.create(obj) }

func (m *Memory) create(obj v2alpha1.Object) error {
	kind := v2alpha1.KindOf(obj)
	if ns := obj.GetNamespace(); ns != "" && ns != m.namespace {
		return fault.New(fault.Usage, fmt.Sprintf("%s %q is of namespace %s, want %s", kind, obj.GetName(), ns, m.namespace), "")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := key{kind, obj.GetName()}
	if _, ok := m.objects[k]; ok {
		return fault.New(fault.Conflict, fmt.Sprintf("%s %q exists already", kind, obj.GetName()), "")
	}
	v2alpha1.SetTypeMeta(obj)
	obj.SetNamespace(m.namespace)
	if obj.GetUID() == "" {
		obj.SetUID(types.UID(uuid.NewString()))
	}
	if obj.GetGeneration() == 0 {
		obj.SetGeneration(1)
	}
	if t := obj.GetCreationTimestamp(); t.IsZero() {
		obj.SetCreationTimestamp(metav1.NewTime(time.Now().Truncate(time.Second)))
	}
	m.objects[k] = v2alpha1.DeepCopy(obj)
	m.changed(k)
	return nil
}

// Update implements site.Store.
func (m *Memory) Update(_ context.Context, kind, name string, change func(v2alpha1.Object) error) (v2alpha1.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, err := m.find(kind, name)
	if err != nil {
		return nil, err
	}
	edited := v2alpha1.DeepCopy(old)
	if err := change(edited); err != nil {
		return nil, err
	}
	keepIdentity(edited, old)
	if err := copyStatus(edited, old); err != nil {
		return nil, err
	}
	if !sameSpec(edited, old) {
		edited.SetGeneration(old.GetGeneration() + 1)
	}
	return v2alpha1.DeepCopy(edited), m.put(key{kind, name}, old, edited)
}

// UpdateStatus implements site.Store.
func (m *Memory) UpdateStatus(_ context.Context, kind, name string, change func(v2alpha1.Object) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, err := m.find(kind, name)
	if err != nil {
		return err
	}
	edited := v2alpha1.DeepCopy(old)
	if err := change(edited); err != nil {
		return err
	}
	written := v2alpha1.DeepCopy(old)
	if err := copyStatus(written, edited); err != nil {
		return err
	}
	return m.put(key{kind, name}, old, written)
}

func (m *Memory) put(k key, old, edited v2alpha1.Object) error {
	if manifest.Equal(old, edited) {
		return nil
	}
	m.objects[k] = edited
	m.changed(k)
	return nil
}

// Delete implements site.Store.
func (m *Memory) Delete(_ context.Context, kind, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.find(kind, name); err != nil {
		return err
	}
	delete(m.objects, key{kind, name})
	m.changed(key{kind, name})
	return nil
}

// Watch implements site.Store.
func (m *Memory) Watch(ctx context.Context) (<-chan site.Event, error) {
	c := make(chan site.Event, 1)
	c <- site.Event{}
	m.mu.Lock()
	m.watchers[c] = struct{}{}
	m.mu.Unlock()
	context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.watchers, c)
		close(c)
	})
	return c, nil
}

// changed tells the watchers. One that has an event to read already is told to look at everything.
func (m *Memory) changed(k key) {
	for c := range m.watchers {
		event := site.Event{Kind: k.kind, Name: k.name}
		select {
		case <-c:
			event = site.Event{}
		default:
		}
		c <- event // there is room: only this side sends, under the lock
	}
}
