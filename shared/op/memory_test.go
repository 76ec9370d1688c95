package op

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
)

// memory is a store whose controller is a function: it is shown each resource that was created or updated, some time later,
// and sets its status.
type memory struct {
	mu       sync.Mutex
	objs     map[string]v2alpha1.Object
	watchers []chan site.Event

	controller func(v2alpha1.Object)
	delay      time.Duration
	fail       map[string]error // by method
}

func newMemory(objs ...v2alpha1.Object) *memory {
	m := &memory{objs: map[string]v2alpha1.Object{}, fail: map[string]error{}}
	for _, o := range objs {
		o.SetGeneration(1)
		v2alpha1.SetTypeMeta(o)
		m.objs[v2alpha1.KindOf(o)+"/"+o.GetName()] = o
	}
	return m
}

func (m *memory) Namespace() string { return "test" }

func (m *memory) Get(ctx context.Context, kind, name string) (v2alpha1.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o, ok := m.objs[kind+"/"+name]; ok {
		return v2alpha1.DeepCopy(o), m.fail["Get"]
	}
	return nil, fault.New(fault.Missing, fmt.Sprintf("%s %s not found", kind, name), "")
}

func (m *memory) List(_ context.Context, kind string) ([]v2alpha1.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []v2alpha1.Object
	for _, o := range m.objs {
		if kind == "" || v2alpha1.KindOf(o) == kind {
			out = append(out, v2alpha1.DeepCopy(o))
		}
	}
	slices.SortFunc(out, func(a, b v2alpha1.Object) int { return strings.Compare(a.GetName(), b.GetName()) })
	return out, m.fail["List"]
}

func (m *memory) Create(_ context.Context, obj v2alpha1.Object) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := v2alpha1.KindOf(obj) + "/" + obj.GetName()
	if err := m.fail["Create"]; err != nil {
		return err
	}
	if m.objs[key] != nil {
		return fault.New(fault.Conflict, key+" exists", "")
	}
	obj.SetGeneration(1)
	m.put(key, v2alpha1.DeepCopy(obj))
	return nil
}

func (m *memory) put(key string, obj v2alpha1.Object) {
	m.objs[key] = obj
	m.tell()
	if m.controller == nil {
		return
	}
	go func() {
		time.Sleep(m.delay)
		m.mu.Lock()
		defer m.mu.Unlock()
		if o := m.objs[key]; o != nil {
			m.controller(o)
			m.tell()
		}
	}()
}

func (m *memory) tell() {
	for _, w := range m.watchers {
		select {
		case w <- site.Event{}:
		default:
		}
	}
}

func (m *memory) Update(_ context.Context, kind, name string, change func(v2alpha1.Object) error) (v2alpha1.Object, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.objs[kind+"/"+name]
	if old == nil {
		return nil, fault.New(fault.Missing, "not found", "")
	}
	next := v2alpha1.DeepCopy(old)
	if err := change(next); err != nil {
		return nil, err
	}
	next.SetGeneration(old.GetGeneration() + 1)
	m.put(kind+"/"+name, next)
	return v2alpha1.DeepCopy(next), nil
}

func (m *memory) UpdateStatus(_ context.Context, kind, name string, change func(v2alpha1.Object) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.objs[kind+"/"+name]
	if o == nil {
		return fault.New(fault.Missing, "not found", "")
	}
	defer m.tell()
	return change(o)
}

func (m *memory) Delete(_ context.Context, kind, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.fail["Delete"]; err != nil {
		return err
	}
	if m.objs[kind+"/"+name] == nil {
		return fault.New(fault.Missing, "not found", "")
	}
	delete(m.objs, kind+"/"+name)
	m.tell()
	return nil
}

func (m *memory) Watch(ctx context.Context) (<-chan site.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.fail["Watch"]; err != nil {
		return nil, err
	}
	c := make(chan site.Event, 1)
	c <- site.Event{}
	m.watchers = append(m.watchers, c)
	context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.watchers = slices.DeleteFunc(m.watchers, func(w chan site.Event) bool { return w == c })
		close(c)
	})
	return c, nil
}

// names are kinds and names of what the store has, sorted.
func (m *memory) names() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for k := range m.objs {
		out = append(out, k)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// settled sets all conditions that a kind needs.
func settled(o v2alpha1.Object) {
	for _, c := range []string{v2alpha1.ConditionConfigured, v2alpha1.ConditionRunning, v2alpha1.ConditionResolved, v2alpha1.ConditionMatched,
		v2alpha1.ConditionOperational, v2alpha1.ConditionProcessed} {
		v2alpha1.SetCondition(time.Now(), o, c, nil)
	}
}

// failing sets one condition to an error.
func failing(condition, message string) func(v2alpha1.Object) {
	return func(o v2alpha1.Object) { v2alpha1.SetCondition(time.Now(), o, condition, fmt.Errorf("%s", message)) }
}

func named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }

// west is a site that accepts links, with all conditions met.
func west() *v2alpha1.Site {
	s := &v2alpha1.Site{ObjectMeta: named("west"), Spec: v2alpha1.SiteSpec{LinkAccess: v2alpha1.LinkAccessDefault}}
	s.Generation = 1
	settled(s)
	return s
}

// ended gives a cause for a test to end, and what a verb said on the way.
type words []string

func (w *words) say(what string) { *w = append(*w, what) }

func wantKind(t *testing.T, err error, kind fault.Kind, text string) {
	t.Helper()
	if fault.KindOf(err) != kind || err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("got %v error %v, want %v with %q", fault.KindOf(err), err, kind, text)
	}
}

// fakeSystem is a local system that is running or stopped.
type fakeSystem struct {
	stopped            bool
	started, wakes     int
	startErr, wakeErr  error
	reload             func(context.Context) error
	stops, uninstalled int
}

func (f *fakeSystem) Start(context.Context) error { f.started++; f.stopped = false; return f.startErr }
func (f *fakeSystem) Stop(context.Context) error  { f.stops++; f.stopped = true; return nil }
func (f *fakeSystem) Reload(ctx context.Context) error {
	if f.reload != nil {
		return f.reload(ctx)
	}
	return nil
}
func (f *fakeSystem) Wake(context.Context) (bool, error) { f.wakes++; return f.stopped, f.wakeErr }
func (f *fakeSystem) Status(context.Context) (SystemStatus, error) {
	return SystemStatus{Namespace: "test", Stopped: f.stopped}, nil
}
func (f *fakeSystem) Install(context.Context) error { return nil }
func (f *fakeSystem) Uninstall(_ context.Context, force bool) error {
	if !force && !f.stopped {
		return fault.New(fault.Conflict, "site west runs", "")
	}
	f.uninstalled++
	return nil
}
