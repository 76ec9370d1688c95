package sitetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/site"
)

// patience bounds every wait for a store that watches something outside the process.
const patience = 10 * time.Second

// TestStore checks what site.Store promises. open gives an empty store, which lives until the end of the test that t
// belongs to.
func TestStore(t *testing.T, open func(t *testing.T) site.Store) {
	for _, tc := range []struct {
		name string
		run  func(t *testing.T, s site.Store)
	}{
		{"empty", testEmpty}, {"create", testCreate}, {"conflict", testConflict}, {"list", testList}, {"update", testUpdate},
		{"status", testStatus}, {"delete", testDelete}, {"secret", testSecret}, {"concurrent", testConcurrent}, {"watch", testWatch},
	} {
		t.Run(tc.name, func(t *testing.T) { tc.run(t, open(t)) })
	}
}

func listener(name string) *v2alpha1.Listener {
	return &v2alpha1.Listener{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v2alpha1.ListenerSpec{RoutingKey: name, Host: name, Port: 8080}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, what string, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) || err == nil {
		t.Errorf("%s: got %v (%v), want a %v fault", what, err, fault.KindOf(err), kind)
	}
}

func get[T v2alpha1.Object](t *testing.T, s site.Store, kind, name string) T {
	t.Helper()
	o, err := s.Get(t.Context(), kind, name)
	must(t, err)
	typed, ok := o.(T)
	if !ok {
		t.Fatalf("%s %s is a %T", kind, name, o)
	}
	return typed
}

func nothing(v2alpha1.Object) error { return nil }

func testEmpty(t *testing.T, s site.Store) {
	ctx := t.Context()
	if s.Namespace() == "" {
		t.Error("the namespace has no name")
	}
	for _, kind := range []string{"", v2alpha1.KindSite, v2alpha1.KindSecret} {
		if l, err := s.List(ctx, kind); err != nil || len(l) != 0 {
			t.Errorf("list %q: %v, %v; want nothing", kind, l, err)
		}
	}
	_, err := s.Get(ctx, v2alpha1.KindSite, "x")
	wantKind(t, "get", err, fault.Missing)
	_, err = s.Update(ctx, v2alpha1.KindSite, "x", nothing)
	wantKind(t, "update", err, fault.Missing)
	wantKind(t, "update status", s.UpdateStatus(ctx, v2alpha1.KindSite, "x", nothing), fault.Missing)
	wantKind(t, "delete", s.Delete(ctx, v2alpha1.KindSite, "x"), fault.Missing)
	_, err = s.Get(ctx, "Teapot", "x")
	wantKind(t, "get an unknown kind", err, fault.Usage)
	_, err = s.List(ctx, "Teapot")
	wantKind(t, "list an unknown kind", err, fault.Usage)
}

func testCreate(t *testing.T, s site.Store) {
	in := listener("a")
	in.Labels = map[string]string{"k": ""}
	in.Spec.Settings = map[string]string{"x": "y"}
	must(t, s.Create(t.Context(), in))
	got := get[*v2alpha1.Listener](t, s, v2alpha1.KindListener, "a")
	if got.Kind != v2alpha1.KindListener || got.APIVersion != v2alpha1.APIVersion {
		t.Errorf("type meta is %+v", got.TypeMeta)
	}
	if got.UID == "" || got.Generation != 1 || got.CreationTimestamp.IsZero() || got.Namespace != s.Namespace() {
		t.Errorf("metadata is %+v", got.ObjectMeta)
	}
	if in.UID != got.UID {
		t.Errorf("the caller was told UID %q, want %q", in.UID, got.UID)
	}
	if _, ok := got.Labels["k"]; !ok || got.Spec.Settings["x"] != "y" || got.Spec.Port != 8080 {
		t.Errorf("got %+v", got)
	}
	// Neither what was given nor what was got is the store's own.
	in.Spec.Settings["x"], got.Spec.Settings["x"] = "changed", "changed"
	if again := get[*v2alpha1.Listener](t, s, v2alpha1.KindListener, "a"); again.Spec.Settings["x"] != "y" {
		t.Error("the store shares its objects")
	}
}

func testConflict(t *testing.T, s site.Store) {
	must(t, s.Create(t.Context(), listener("a")))
	wantKind(t, "create again", s.Create(t.Context(), listener("a")), fault.Conflict)
	must(t, s.Create(t.Context(), &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: "a"}})) // the same name, another kind
	foreign := listener("b")
	foreign.Namespace = s.Namespace() + "-other"
	if s.Create(t.Context(), foreign) == nil {
		t.Error("created a resource of another namespace")
	}
	own := listener("c")
	own.Namespace = s.Namespace()
	must(t, s.Create(t.Context(), own))
}

func testList(t *testing.T, s site.Store) {
	ctx := t.Context()
	for _, name := range []string{"b", "a", "b.c", "b-c"} {
		must(t, s.Create(ctx, listener(name)))
	}
	must(t, s.Create(ctx, &v2alpha1.Connector{ObjectMeta: metav1.ObjectMeta{Name: "z"},
		Spec: v2alpha1.ConnectorSpec{RoutingKey: "z", Host: "h", Port: 1}}))
	for kind, want := range map[string]string{"": "Connector z, Listener a, Listener b, Listener b-c, Listener b.c, ",
		v2alpha1.KindListener: "Listener a, Listener b, Listener b-c, Listener b.c, ", v2alpha1.KindLink: ""} {
		l, err := s.List(ctx, kind)
		must(t, err)
		got := ""
		for _, o := range l {
			got += o.GetObjectKind().GroupVersionKind().Kind + " " + o.GetName() + ", "
		}
		if got != want {
			t.Errorf("list %q: got %s want %s", kind, got, want)
		}
	}
}

func testUpdate(t *testing.T, s site.Store) {
	ctx := t.Context()
	must(t, s.Create(ctx, listener("a")))
	before := get[*v2alpha1.Listener](t, s, v2alpha1.KindListener, "a")
	o, err := s.Update(ctx, v2alpha1.KindListener, "a", func(o v2alpha1.Object) error {
		l := o.(*v2alpha1.Listener)
		l.Spec.Port = 9090
		l.Name, l.Namespace, l.UID = "other", "other", "other"
		l.CreationTimestamp = metav1.NewTime(time.Unix(1, 0))
		l.Status.Message = "made up"
		return nil
	})
	must(t, err)
	after := get[*v2alpha1.Listener](t, s, v2alpha1.KindListener, "a")
	if !manifest.Equal(o, after) {
		t.Errorf("told %+v, stored %+v", o, after)
	}
	if after.Spec.Port != 9090 || after.Generation != before.Generation+1 {
		t.Errorf("port %d, generation %d", after.Spec.Port, after.Generation)
	}
	if after.UID != before.UID || !after.CreationTimestamp.Equal(&before.CreationTimestamp) || after.Namespace != before.Namespace {
		t.Errorf("identity became %+v", after.ObjectMeta)
	}
	if after.Status.Message != "" {
		t.Error("the status was changed")
	}
	_, err = s.Update(ctx, v2alpha1.KindListener, "a", func(o v2alpha1.Object) error {
		o.SetLabels(map[string]string{"k": "v"})
		return nil
	})
	must(t, err)
	labelled := get[*v2alpha1.Listener](t, s, v2alpha1.KindListener, "a")
	if labelled.Generation != after.Generation || labelled.Labels["k"] != "v" {
		t.Errorf("metadata became %+v; a label is no new generation", labelled.ObjectMeta)
	}
	broken := errors.New("broken")
	_, err = s.Update(ctx, v2alpha1.KindListener, "a", func(o v2alpha1.Object) error {
		o.(*v2alpha1.Listener).Spec.Port = 1
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of change", err)
	}
	if got := get[*v2alpha1.Listener](t, s, v2alpha1.KindListener, "a"); got.Spec.Port != 9090 {
		t.Error("a failed change was written")
	}
}

func testStatus(t *testing.T, s site.Store) {
	ctx := t.Context()
	must(t, s.Create(ctx, listener("a")))
	must(t, s.UpdateStatus(ctx, v2alpha1.KindListener, "a", func(o v2alpha1.Object) error {
		l := o.(*v2alpha1.Listener)
		l.SetConfigured(nil)
		l.SetMatched(nil)
		l.Spec.Port = 1
		l.Labels = map[string]string{"k": "v"}
		return nil
	}))
	got := get[*v2alpha1.Listener](t, s, v2alpha1.KindListener, "a")
	if got.Status.StatusType != v2alpha1.StatusReady || !got.Status.HasMatchingConnector || len(got.Status.Conditions) != 3 {
		t.Errorf("status is %+v", got.Status)
	}
	if got.Spec.Port != 8080 || got.Labels != nil || got.Generation != 1 {
		t.Errorf("more than the status was changed: %+v", got)
	}
	_, err := s.Update(ctx, v2alpha1.KindListener, "a", func(o v2alpha1.Object) error {
		o.(*v2alpha1.Listener).Spec.Port = 9090
		return nil
	})
	must(t, err)
	if got := get[*v2alpha1.Listener](t, s, v2alpha1.KindListener, "a"); got.Status.StatusType != v2alpha1.StatusReady || got.Spec.Port != 9090 {
		t.Errorf("after an update: %+v", got)
	}
	must(t, s.UpdateStatus(ctx, v2alpha1.KindListener, "a", func(o v2alpha1.Object) error {
		o.(*v2alpha1.Listener).Status = v2alpha1.ListenerStatus{}
		return nil
	}))
	if got := get[*v2alpha1.Listener](t, s, v2alpha1.KindListener, "a"); got.Status.StatusType != "" || got.Status.HasMatchingConnector {
		t.Errorf("after it was emptied the status is %+v", got.Status)
	}
}

func testDelete(t *testing.T, s site.Store) {
	ctx := t.Context()
	must(t, s.Create(ctx, listener("a")))
	must(t, s.UpdateStatus(ctx, v2alpha1.KindListener, "a", func(o v2alpha1.Object) error {
		o.(*v2alpha1.Listener).SetConfigured(nil)
		return nil
	}))
	old := get[*v2alpha1.Listener](t, s, v2alpha1.KindListener, "a")
	must(t, s.Delete(ctx, v2alpha1.KindListener, "a"))
	_, err := s.Get(ctx, v2alpha1.KindListener, "a")
	wantKind(t, "get", err, fault.Missing)
	wantKind(t, "delete again", s.Delete(ctx, v2alpha1.KindListener, "a"), fault.Missing)
	must(t, s.Create(ctx, listener("a")))
	if got := get[*v2alpha1.Listener](t, s, v2alpha1.KindListener, "a"); got.UID == old.UID || got.Status.StatusType != "" {
		t.Errorf("made anew it still is %+v", got)
	}
}

func testSecret(t *testing.T, s site.Store) {
	in := &v2alpha1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Type: v2alpha1.SecretTypeTLS,
		Data: map[string][]byte{"tls.crt": []byte("crt"), "tls.key": {0, 1, 255}}} // a cluster wants both
	must(t, s.Create(t.Context(), in))
	_, err := s.Update(t.Context(), v2alpha1.KindSecret, "s", func(o v2alpha1.Object) error {
		o.(*v2alpha1.Secret).Data["ca.crt"] = []byte("ca")
		return nil
	})
	must(t, err)
	got := get[*v2alpha1.Secret](t, s, v2alpha1.KindSecret, "s")
	if string(got.Data["tls.key"]) != "\x00\x01\xff" || string(got.Data["ca.crt"]) != "ca" || got.Type != v2alpha1.SecretTypeTLS || got.APIVersion != "v1" {
		t.Errorf("got %+v", got.TypeMeta)
	}
}

func testConcurrent(t *testing.T, s site.Store) {
	ctx := t.Context()
	must(t, s.Create(ctx, listener("a")))
	const workers, rounds = 8, 5
	var wg sync.WaitGroup
	errs := make(chan error, 2*workers*rounds)
	for range workers {
		wg.Go(func() {
			for range rounds {
				_, err := s.Update(ctx, v2alpha1.KindListener, "a", func(o v2alpha1.Object) error {
					o.(*v2alpha1.Listener).Spec.Port++
					return nil
				})
				errs <- err
				errs <- s.UpdateStatus(ctx, v2alpha1.KindListener, "a", func(o v2alpha1.Object) error {
					l := o.(*v2alpha1.Listener)
					n, _ := strconv.Atoi(l.Status.Message) // empty is 0
					l.Status.Message = fmt.Sprint(n + 1)
					return nil
				})
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	got := get[*v2alpha1.Listener](t, s, v2alpha1.KindListener, "a")
	if got.Spec.Port != 8080+workers*rounds || got.Status.Message != fmt.Sprint(workers*rounds) {
		t.Errorf("port %d and message %s: changes are lost", got.Spec.Port, got.Status.Message)
	}
}

func testWatch(t *testing.T, s site.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events, err := s.Watch(ctx)
	must(t, err)
	await(t, events, "the start")
	settle(events)
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"create", func() error { return s.Create(ctx, listener("a")) }},
		{"update", func() error {
			_, err := s.Update(ctx, v2alpha1.KindListener, "a", func(o v2alpha1.Object) error {
				o.(*v2alpha1.Listener).Spec.Port = 1
				return nil
			})
			return err
		}},
		{"status", func() error {
			return s.UpdateStatus(ctx, v2alpha1.KindListener, "a", func(o v2alpha1.Object) error {
				o.(*v2alpha1.Listener).SetConfigured(nil)
				return nil
			})
		}},
		{"delete", func() error { return s.Delete(ctx, v2alpha1.KindListener, "a") }},
	} {
		must(t, step.do())
		await(t, events, step.name)
		settle(events)
	}
	for i := range 50 { // nobody reads: the writer must not be held up
		must(t, s.Create(ctx, listener(fmt.Sprintf("n%d", i))))
	}
	await(t, events, "many")
	cancel()
	deadline := time.After(patience)
	for {
		select {
		case _, open := <-events:
			if !open {
				return
			}
		case <-deadline:
			t.Fatal("the channel is not closed after the context ended")
		}
	}
}

func await(t *testing.T, events <-chan site.Event, what string) {
	t.Helper()
	select {
	case _, open := <-events:
		if !open {
			t.Fatalf("the channel was closed before %s", what)
		}
	case <-time.After(patience):
		t.Fatalf("no event after %s", what)
	}
}

// settle reads what else one change brings.
func settle(events <-chan site.Event) {
	for {
		select {
		case <-events:
		case <-time.After(300 * time.Millisecond):
			return
		}
	}
}
