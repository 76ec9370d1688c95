package op

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
	"github.com/skupper-plugins/suite/shared/site/sitetest"
)

// memory is a store with a controller: a function that is shown each resource some time after it was created or updated, and
// sets its status.
type memory struct {
	*sitetest.Memory
	controller func(v2alpha1.Object)
	makes      v2alpha1.Object // what the controller makes before it sets a status; may be nil
	delay      time.Duration
	fail       map[string]error // by method
}

func newMemory(objs ...v2alpha1.Object) *memory {
	return &memory{Memory: sitetest.NewMemory(objs...), fail: map[string]error{}}
}

func (m *memory) Get(ctx context.Context, kind, name string) (v2alpha1.Object, error) {
	if err := errors.Join(ctx.Err(), m.fail["Get"], m.fail["Get "+kind]); err != nil {
		return nil, err
	}
	return m.Memory.Get(ctx, kind, name)
}

func (m *memory) List(ctx context.Context, kind string) ([]v2alpha1.Object, error) {
	if err := m.fail["List "+kind]; err != nil {
		return nil, err
	}
	return m.Memory.List(ctx, kind)
}

func (m *memory) Create(ctx context.Context, obj v2alpha1.Object) error {
	if err := m.fail["Create"]; err != nil {
		return err
	}
	if err := m.Memory.Create(ctx, obj); err != nil {
		return err
	}
	m.act(v2alpha1.KindOf(obj), obj.GetName())
	return nil
}

func (m *memory) Update(ctx context.Context, kind, name string, change func(v2alpha1.Object) error) (v2alpha1.Object, error) {
	obj, err := m.Memory.Update(ctx, kind, name, change)
	if err == nil {
		m.act(kind, name)
	}
	return obj, err
}

func (m *memory) Delete(ctx context.Context, kind, name string) error {
	if err := m.fail["Delete "+kind]; err != nil {
		return err
	}
	return m.Memory.Delete(ctx, kind, name)
}

func (m *memory) Watch(ctx context.Context) (<-chan site.Event, error) {
	if err := m.fail["Watch"]; err != nil {
		return nil, err
	}
	return m.Memory.Watch(ctx)
}

func (m *memory) act(kind, name string) {
	if m.controller == nil {
		return
	}
	controller := m.controller
	time.AfterFunc(m.delay, func() {
		if m.makes != nil {
			_ = m.Memory.Create(context.Background(), v2alpha1.DeepCopy(m.makes)) // may be there already
		}
		// What is gone by then needs no status.
		_ = m.UpdateStatus(context.Background(), kind, name, func(o v2alpha1.Object) error { controller(o); return nil })
	})
}

// names are kinds and names of what the store has, sorted.
func (m *memory) names() string {
	all, err := m.List(context.Background(), "")
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, o := range all {
		out = append(out, v2alpha1.KindOf(o)+"/"+o.GetName())
	}
	return strings.Join(out, " ")
}

// must is the resource of that name as the store has it.
func must[T v2alpha1.Object](t *testing.T, m *memory, name string) T {
	t.Helper()
	var typed T
	o, err := m.Memory.Get(t.Context(), v2alpha1.KindOf(typed), name)
	if err != nil {
		t.Fatal(err)
	}
	return o.(T)
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
	return func(o v2alpha1.Object) { v2alpha1.SetCondition(time.Now(), o, condition, errors.New(message)) }
}

func named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }

// west is a site that others can link to, with all conditions met.
func west() *v2alpha1.Site {
	s := &v2alpha1.Site{ObjectMeta: named("west"), Spec: v2alpha1.SiteSpec{LinkAccess: v2alpha1.LinkAccessDefault}}
	s.Generation = 1
	s.Status.Endpoints = at("west.example")
	settled(s)
	return s
}

// words are what a verb said on the way.
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
	stopped                 bool
	started, wakes, settles int
	startErr, wakeErr       error
	start, reload, settle   func(context.Context) error
	stops, uninstalled      int
	router                  Process
}

func (f *fakeSystem) Start(ctx context.Context) error {
	f.started++
	f.stopped = false
	if f.start != nil {
		return f.start(ctx)
	}
	return f.startErr
}
func (f *fakeSystem) Stop(context.Context) error { f.stops++; f.stopped = true; return nil }
func (f *fakeSystem) Reload(ctx context.Context) ([]string, error) {
	if f.reload != nil {
		return nil, f.reload(ctx)
	}
	return nil, nil
}
func (f *fakeSystem) Settle(ctx context.Context) (bool, error) {
	f.settles++
	if f.settle != nil {
		if err := f.settle(ctx); err != nil {
			return false, err
		}
	}
	return f.Wake(ctx)
}
func (f *fakeSystem) Wake(context.Context) (bool, error) { f.wakes++; return f.stopped, f.wakeErr }
func (f *fakeSystem) Status(context.Context) (SystemStatus, error) {
	return SystemStatus{Namespace: "test", Stopped: f.stopped, Router: f.router}, nil
}
func (f *fakeSystem) Install(context.Context) error { return nil }
func (f *fakeSystem) Uninstall(_ context.Context, force bool) error {
	if !force && !f.stopped {
		return fault.New(fault.Conflict, "site west runs", "")
	}
	f.uninstalled++
	return nil
}
