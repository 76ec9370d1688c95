package filestore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newStore(t *testing.T) *Store {
	t.Helper()
	return Open(Under(t.TempDir()).Namespace("west"), time.Now)
}

func put(t *testing.T, s *Store, name, content string) string {
	t.Helper()
	if err := s.dir.Make(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.dir.InputResources(), name)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const listenerA = `apiVersion: skupper.io/v2alpha1
kind: Listener
metadata: {name: a}
spec: {routingKey: k, host: 127.0.0.1, port: 8080}
`

func listener(name string, port int) *v2alpha1.Listener {
	l := &v2alpha1.Listener{Spec: v2alpha1.ListenerSpec{RoutingKey: "k", Host: "127.0.0.1", Port: port}}
	l.Name = name
	return l
}

func names(t *testing.T, s *Store, kind string) string {
	t.Helper()
	all, err := s.List(t.Context(), kind)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, o := range all {
		out = append(out, v2alpha1.KindOf(o)+"/"+o.GetName())
	}
	return strings.Join(out, " ")
}

func TestLayout(t *testing.T) {
	s := newStore(t)
	secret := &v2alpha1.Secret{Type: v2alpha1.SecretTypeTLS, Data: map[string][]byte{"tls.key": []byte("k")}}
	secret.Name = "s"
	for _, o := range []v2alpha1.Object{secret, listener("a", 1)} {
		if err := s.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	for name, perm := range map[string]os.FileMode{"Secret-s.yaml": 0o600, "Listener-a.yaml": 0o644} {
		info, err := os.Stat(filepath.Join(s.dir.Root(), "input", "resources", name))
		if err != nil || info.Mode().Perm() != perm {
			t.Errorf("%s: %v %v, want %v", name, info.Mode(), err, perm)
		}
	}
	for _, d := range []string{"runtime/resources", "runtime/certs", "runtime/issuers", "runtime/links", "runtime/router", "internal/snapshot", "input/issuers", "input/certs"} {
		if info, err := os.Stat(filepath.Join(s.dir.Root(), d)); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s: %v %v", d, info, err)
		}
	}
	grant := &v2alpha1.AccessGrant{}
	grant.Name, grant.Status.Code = "g", "secret"
	if err := s.Create(t.Context(), grant); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(s.dir.RuntimeResources(), "AccessGrant-g.yaml")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the code of a grant can be read by others: %v %v", info, err)
	}
}

// Looking at a namespace that does not exist must not make it.
func TestReadingMakesNothing(t *testing.T) {
	s := newStore(t)
	if got := names(t, s, ""); got != "" {
		t.Errorf("got %s", got)
	}
	_, err := s.Get(t.Context(), v2alpha1.KindSite, "west")
	for _, err := range []error{err,
		s.Delete(t.Context(), v2alpha1.KindSite, "west"),
		s.UpdateStatus(t.Context(), v2alpha1.KindSite, "west", func(v2alpha1.Object) error { return nil }),
	} {
		if fault.KindOf(err) != fault.Missing {
			t.Errorf("got %v, want a Missing fault", err)
		}
	}
	if s.Exists() {
		t.Error("the namespace was made")
	}
}

func TestUnknownFieldsSurvive(t *testing.T) {
	s := newStore(t)
	path := put(t, s, "mine.yaml", `# mine
`+listenerA+`  # with more
---
apiVersion: skupper.io/v2alpha1
kind: Link
metadata: {name: l, labels: {x: y}}
spec:
  endpoints: [{name: inter-router, host: h, port: "1", weight: 3}]
  tlsCredentials: l
  flavour: {sweet: true}
---
# the end
`)
	_, err := s.Update(t.Context(), v2alpha1.KindLink, "l", func(o v2alpha1.Object) error {
		o.(*v2alpha1.Link).Spec.Cost = 7
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# mine", "# with more", "weight: 3", "sweet: true", "cost: 7", "x: \"y\"", "# the end", "generation: 2"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if err := s.Delete(t.Context(), v2alpha1.KindLink, "l"); err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), v2alpha1.KindListener, "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the empty file is still there: %v", err)
	}
}

// What an editor changes is a new generation, and a resource written by hand keeps the identity it was given.
func TestWrittenByHand(t *testing.T) {
	s := newStore(t)
	put(t, s, "Listener-a.yaml", listenerA)
	in, err := s.Identify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first := in.Objects[0]
	if first.GetUID() == "" || first.GetGeneration() != 1 || first.(*v2alpha1.Listener).CreationTimestamp.IsZero() {
		t.Fatalf("got %+v", first)
	}
	put(t, s, "Listener-a.yaml", strings.Replace(listenerA, "8080", "9090", 1))
	second, err := s.Get(t.Context(), v2alpha1.KindListener, "a")
	if err != nil || second.GetUID() != first.GetUID() || second.GetGeneration() != 2 {
		t.Errorf("got %v %d, %v", second.GetUID(), second.GetGeneration(), err)
	}
	second.(*v2alpha1.Listener).Status.Message = "seen"
	if err := s.SaveStatuses(t.Context(), []v2alpha1.Object{second}, nil); err != nil {
		t.Fatal(err)
	}
	third, err := s.Get(t.Context(), v2alpha1.KindListener, "a")
	if err != nil || third.GetGeneration() != 2 || third.(*v2alpha1.Listener).Status.Message != "seen" {
		t.Errorf("got %+v, %v", third, err)
	}
	if b, err := os.ReadFile(filepath.Join(s.dir.InputResources(), "Listener-a.yaml")); err != nil || strings.Contains(string(b), "uid") {
		t.Errorf("the user's file was changed: %s %v", b, err)
	}
}

func TestBrokenFiles(t *testing.T) {
	tests := map[string]struct {
		content string
		line    int
		why     string
	}{
		"truncated":  {"apiVersion: skupper.io/v2alpha1\nkind: Listener\nmetadata: {name: a", 2, "YAML"},
		"notYAML":    {"\tjust text: [", 1, "YAML"},
		"notMapping": {"- a\n- b\n", 1, "want a resource"},
		"noKind":     {"\n\nfoo: bar\n", 3, "required"},
		"wrongType":  {strings.Replace(listenerA, "8080", "many", 1), 4, "port"},
		"twice":      {"kind: Listener\nkind: Site\n", 2, "kind"},
		"badName":    {strings.Replace(listenerA, "{name: a}", "{name: ../../a}", 1), 1, "name"},
		"quoteUID":   {strings.Replace(listenerA, "{name: a}", `{name: a, uid: "a'b"}`, 1), 1, "metadata.uid"},
		"commandUID": {strings.Replace(listenerA, "{name: a}", `{name: a, uid: "$(id)"}`, 1), 1, "metadata.uid"},
		"spaceUID":   {strings.Replace(listenerA, "{name: a}", `{name: a, uid: "a b"}`, 1), 1, "metadata.uid"},
		"longUID":    {strings.Replace(listenerA, "{name: a}", "{name: a, uid: "+strings.Repeat("a", 65)+"}", 1), 1, "metadata.uid"},
		"noName":     {strings.Replace(listenerA, "{name: a}", "{}", 1), 0, "name"},
		"second":     {"# one\n---\n" + listenerA + "---\nbroken: [\n", 8, "YAML"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			path := put(t, s, "Listener-a.yaml", listenerA)
			put(t, s, "other.yml", strings.Replace(listenerA, "name: a", "name: b", 1))
			if err := s.TakeSnapshot(t.Context()); err != nil {
				t.Fatal(err)
			}
			put(t, s, "Listener-a.yaml", tt.content)
			in, err := s.Load()
			if err != nil || len(in.Faults) == 0 {
				t.Fatalf("got %v, %v", in, err)
			}
			f := in.Faults[0]
			if f.Path != path || tt.line > 0 && f.Line != tt.line || !strings.Contains(f.Why, tt.why) || !f.Kept || f.Name != "a" {
				t.Errorf("got %+v", f)
			}
			if got := names(t, s, ""); got != "Listener/a Listener/b" {
				t.Errorf("resources are %s", got)
			}
			if name == "second" {
				return
			}
			_, err = s.Update(t.Context(), v2alpha1.KindListener, "a", func(o v2alpha1.Object) error {
				o.(*v2alpha1.Listener).Spec.Port = 1
				return nil
			})
			if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), path) {
				t.Errorf("update: got %v", err)
			}
			if err := s.Create(t.Context(), listener("a", 1)); fault.KindOf(err) != fault.Conflict {
				t.Errorf("create: got %v", err)
			}
			if err := s.Delete(t.Context(), v2alpha1.KindListener, "a"); err != nil {
				t.Errorf("delete: got %v", err)
			}
			if got := names(t, s, ""); got != "Listener/b" {
				t.Errorf("resources are %s", got)
			}
		})
	}
}

func TestThingsThatAreNotFiles(t *testing.T) {
	s := newStore(t)
	put(t, s, "Listener-a.yaml", listenerA)
	dir := s.dir.InputResources()
	if err := os.Mkdir(filepath.Join(dir, "Site-d.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "Link-l.yaml")); err != nil {
		t.Fatal(err)
	}
	put(t, s, "Link-big.yaml", strings.Repeat("#", maxFile+1))
	put(t, s, "Link-full.yaml", strings.Repeat("#", maxFile))
	put(t, s, "notes.txt", "not ours")
	put(t, s, ".hidden.yaml", "not: [ours")
	put(t, s, "cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
	in, err := s.Load()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range in.Faults {
		got = append(got, strings.ReplaceAll(f.Error(), dir+"/", ""))
	}
	want := "Link-big.yaml: has 4194305 octets, want 4194304 or fewer|Link-l.yaml: is a link to nowhere, which does not exist|Site-d.yaml: is a directory, want a file|cm.yaml:1: kind ConfigMap of v1 is not known here and is ignored"
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
	if names(t, s, "") != "Listener/a" {
		t.Errorf("resources are %s", names(t, s, ""))
	}
	if err := s.Delete(t.Context(), v2alpha1.KindSite, "d"); fault.KindOf(err) != fault.Missing || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("got %v", err)
	}
}

func TestUnreadableDirectory(t *testing.T) {
	s := newStore(t)
	if err := s.dir.Make(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.dir.InputResources()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.dir.InputResources(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.List(t.Context(), ""); err == nil {
		t.Error("a namespace whose input cannot be read looks empty")
	}
}

func TestForeignAndDouble(t *testing.T) {
	s := newStore(t)
	put(t, s, "a.yaml", listenerA)
	put(t, s, "b.yaml", strings.Replace(listenerA, "8080", "1", 1))
	put(t, s, "c.yaml", strings.Replace(listenerA, "{name: a}", "{name: c, namespace: east}", 1))
	in, err := s.Load()
	if err != nil || len(in.Objects) != 1 || len(in.Faults) != 2 {
		t.Fatalf("got %+v, %v", in, err)
	}
	if in.Objects[0].(*v2alpha1.Listener).Spec.Port != 8080 {
		t.Error("not the first file counts")
	}
	if !strings.Contains(in.Faults[0].Error(), "is in a.yaml too") || !strings.Contains(in.Faults[1].Error(), `namespace "east"`) {
		t.Errorf("got %v", in.Faults)
	}
}

func TestConcurrentWriters(t *testing.T) {
	s := newStore(t)
	if err := s.Create(t.Context(), listener("a", 0)); err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 10
	var wg sync.WaitGroup
	for range writers {
		other := Open(s.dir, time.Now) // as another process has
		wg.Go(func() {
			for range each {
				if _, err := other.Update(t.Context(), v2alpha1.KindListener, "a", func(o v2alpha1.Object) error {
					o.(*v2alpha1.Listener).Spec.Port++
					return nil
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	o, err := s.Get(t.Context(), v2alpha1.KindListener, "a")
	if err != nil || o.(*v2alpha1.Listener).Spec.Port != writers*each || o.GetGeneration() != writers*each+1 {
		t.Errorf("got %+v, %v", o, err)
	}
	left, _ := filepath.Glob(filepath.Join(s.dir.InputResources(), ".*"))
	if len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

// TestOneSite has many make a site in one namespace at once: there is one then, and the others are told of it.
func TestOneSite(t *testing.T) {
	s := newStore(t)
	var (
		wg  sync.WaitGroup
		got [20]error
	)
	for i := range got {
		other := Open(s.dir, time.Now) // as another process has
		wg.Go(func() {
			o := &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: "s" + strconv.Itoa(i)}}
			v2alpha1.SetTypeMeta(o)
			got[i] = other.CreateSole(t.Context(), o)
		})
	}
	wg.Wait()
	made := 0
	for i, err := range got {
		switch {
		case err == nil:
			made++
		case !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "has a Site already, s"):
			t.Errorf("%d: %v", i, err)
		}
	}
	if all := names(t, s, v2alpha1.KindSite); made != 1 || strings.Count(all, "s") != 1 {
		t.Errorf("%d were made: %s", made, all)
	}
}

func TestSweepsAfterKilledWriter(t *testing.T) {
	s := newStore(t)
	put(t, s, ".Listener-a.yaml.123.tmp", "half")
	if err := s.Create(t.Context(), listener("a", 1)); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(s.dir.InputResources()); len(entries) != 1 {
		t.Errorf("got %v", entries)
	}
}

func TestWatchSeesAllWriters(t *testing.T) {
	s := newStore(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	events, err := s.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	<-events // the first
	steps := map[string]func(){
		"create":          func() { put(t, s, "Listener-a.yaml", listenerA) },
		"edit in place":   func() { put(t, s, "Listener-a.yaml", listenerA+"# more\n") },
		"remove":          func() { _ = os.Remove(filepath.Join(s.dir.InputResources(), "Listener-a.yaml")) },
		"directory again": func() { _ = os.RemoveAll(s.dir.Input()); put(t, s, "Listener-b.yaml", listenerA) },
	}
	for _, step := range []string{"create", "edit in place", "remove", "directory again"} {
		steps[step]()
		if _, ok := <-events; !ok {
			t.Fatalf("%s was not seen", step)
		}
	}
	cancel()
	for range events {
	}
}

func TestSaveStatusesPrunes(t *testing.T) {
	s := newStore(t)
	if err := s.Create(t.Context(), listener("a", 1)); err != nil {
		t.Fatal(err)
	}
	a, err := s.Get(t.Context(), v2alpha1.KindListener, "a")
	if err != nil {
		t.Fatal(err)
	}
	ra := &v2alpha1.RouterAccess{}
	ra.Name = "skupper-local"
	if err := s.SaveStatuses(t.Context(), []v2alpha1.Object{a}, []v2alpha1.Object{ra}); err != nil {
		t.Fatal(err)
	}
	first, _ := os.ReadFile(filepath.Join(s.dir.RuntimeResources(), "RouterAccess-skupper-local.yaml"))
	if err := os.WriteFile(filepath.Join(s.dir.RuntimeResources(), "ConfigMap-x.yaml"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveStatuses(t.Context(), nil, []v2alpha1.Object{ra}); err != nil {
		t.Fatal(err)
	}
	again, _ := os.ReadFile(filepath.Join(s.dir.RuntimeResources(), "RouterAccess-skupper-local.yaml"))
	if len(first) == 0 || string(first) != string(again) {
		t.Errorf("it was given a new identity:\n%s\n%s", first, again)
	}
	if err := os.Remove(filepath.Join(s.dir.InputResources(), "Listener-a.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveStatuses(t.Context(), []v2alpha1.Object{a}, nil); err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(s.dir.RuntimeResources())
	if len(entries) != 1 || entries[0].Name() != "ConfigMap-x.yaml" {
		t.Errorf("got %v", entries)
	}
}

// A kind of a later version beside a resource is said, and the rest of the file counts as it is now.
func TestUnknownKind(t *testing.T) {
	s := newStore(t)
	const later = "---\napiVersion: skupper.io/v2beta9\nkind: Tunnel\nmetadata: {name: x}\n"
	put(t, s, "a.yaml", listenerA)
	if err := s.TakeSnapshot(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, s, "a.yaml", strings.Replace(listenerA, "8080", "8081", 1)+later)
	in, err := s.Load()
	if err != nil || len(in.Faults) != 1 || len(in.Objects) != 1 {
		t.Fatalf("got %+v, %v", in, err)
	}
	if f := in.Faults[0]; !f.Remark || !f.Unknown || f.Kept || !strings.Contains(f.Why, "kind Tunnel of skupper.io/v2beta9 is not known here") {
		t.Errorf("got %+v", f)
	}
	if l, ok := in.Objects[0].(*v2alpha1.Listener); !ok || l.Spec.Port != 8081 {
		t.Errorf("the old version was taken back: %+v", in.Objects[0])
	}
}
