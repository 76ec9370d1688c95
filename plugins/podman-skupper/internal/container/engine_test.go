//go:build linux

package container

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is an engine whose containers are processes that sleep.
type fake struct {
	t          *testing.T
	images     map[string]engineapi.Image
	containers map[string]engineapi.Container
	last       engineapi.Spec
	process    *exec.Cmd
	pull       error       // what pulling ends with
	ends       bool        // containers end at once
	onInspect  func(n int) // called with the number of the question before it is answered
	asked      int
	words      []string // of logs; nil: some
	inUse      int      // how often an image is said to be in use
	onRun      func() error
	mounts     []engineapi.Mount // of containers, where they are not told as they were asked for
	imported   int               // octets of the program in images made here
	changes    []string
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{t: t, images: map[string]engineapi.Image{}, containers: map[string]engineapi.Container{}}
	t.Cleanup(f.kill)
	return f
}

func (f *fake) kill() {
	if f.process != nil {
		_ = f.process.Process.Kill()
		_ = f.process.Wait()
		f.process = nil
	}
}

func (f *fake) Image(_ context.Context, ref string) (engineapi.Image, error) {
	if i, ok := f.images[ref]; ok {
		return i, nil
	}
	return engineapi.Image{}, fault.New(fault.Missing, "no such image", "")
}

func (f *fake) Pull(_ context.Context, ref string, auth engineapi.Credentials, say func(string)) error {
	say("pulled as " + auth.Username)
	if f.pull == nil {
		f.images[ref] = engineapi.Image{ID: "pulled", Architecture: runtime.GOARCH}
	}
	return f.pull
}

func (f *fake) Import(_ context.Context, ref string, changes []string, from io.Reader) error {
	for r := tar.NewReader(from); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if "/"+h.Name == inImage && h.Mode == 0o755 {
			n, err := io.Copy(io.Discard, r)
			if err != nil {
				return err
			}
			f.imported = int(n)
		}
	}
	f.images[ref], f.changes = engineapi.Image{ID: "made"}, changes
	return nil
}

func (f *fake) RemoveImage(_ context.Context, ref string) error {
	if f.inUse > 0 {
		f.inUse--
		return fault.New(fault.Conflict, "image is in use by a container", "")
	}
	delete(f.images, ref)
	return nil
}

func (f *fake) Inspect(_ context.Context, name string) (engineapi.Container, error) {
	if f.asked++; f.onInspect != nil {
		f.onInspect(f.asked)
	}
	if c, ok := f.containers[name]; ok {
		c.Name = name
		return c, nil
	}
	return engineapi.Container{}, fault.New(fault.Missing, "no such container", "")
}

func (f *fake) Labelled(_ context.Context, labels map[string]string) (names []string, err error) {
	for name, c := range f.containers {
		fits := true
		for k, v := range labels {
			fits = fits && c.Labels[k] == v
		}
		if fits {
			names = append(names, name)
		}
	}
	return names, nil
}

func (f *fake) Run(_ context.Context, s engineapi.Spec) error {
	if _, ok := f.containers[s.Name]; ok {
		return fault.New(fault.Conflict, "name in use", "")
	}
	if f.onRun != nil {
		if err := f.onRun(); err != nil {
			return err
		}
	}
	f.last = s
	c := engineapi.Container{ID: "c", Image: s.Image, Labels: s.Labels, Mounts: s.Mounts, Status: "exited", ExitCode: 3, Started: time.Now()}
	if f.mounts != nil {
		c.Mounts = f.mounts
	}
	if !f.ends {
		f.kill()
		f.process = exec.CommandContext(f.t.Context(), "sleep", "60")
		if err := f.process.Start(); err != nil {
			return err
		}
		c.Running, c.Status, c.PID = true, "running", f.process.Process.Pid
	}
	f.containers[s.Name] = c
	return nil
}

func (f *fake) Remove(_ context.Context, name string, _ time.Duration) error {
	delete(f.containers, name)
	f.kill()
	return nil
}

func (f *fake) Logs(context.Context, string, int) ([]string, error) {
	if f.words != nil {
		return f.words, nil
	}
	return []string{"no room", "bye"}, nil
}

// engineOn makes an engine of a namespace with a configuration.
func engineOn(t *testing.T, f *fake, s Settings) *Engine {
	t.Helper()
	dir := t.TempDir()
	conf := filepath.Join(dir, "router", configName)
	if err := os.Mkdir(filepath.Dir(conf), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, []byte(`[["router",{"id":"a","mode":"interior","metadata":"{\"id\":\"site-1\"}"}]]`), 0o600); err != nil {
		t.Fatal(err)
	}
	return New(Options{Namespace: "west", Platform: engineapi.Podman, ConfigFile: conf, CertDir: filepath.Join(dir, "certs"), ProxyDir: filepath.Join(dir, "proxies"),
		PIDFile: filepath.Join(dir, "router.pid"), Log: zerolog.Nop(), Settings: func() (Settings, error) { return s, nil },
		Credentials: func(string) engineapi.Credentials { return engineapi.Credentials{Username: "me"} },
		Open:        func(context.Context, string) (API, error) { return f, nil }})
}

var named = Settings{Endpoint: "unix:///x", Router: FromName, Image: "r/router:1", Pull: PullMissing}

func TestStartAndStop(t *testing.T) {
	f := newFake(t)
	e := engineOn(t, f, named)
	if st := e.State(t.Context()); st.Running || st.Err != nil || !strings.Contains(st.Detail, "there is no podman container west-skupper-router") {
		t.Errorf("before: %+v", st)
	}
	for range 2 { // the second finds it running
		if err := e.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	st := e.State(t.Context())
	if !st.Running || st.PID != f.process.Process.Pid || st.Since.IsZero() {
		t.Errorf("running: %+v", st)
	}
	if r, err := supervise.ReadRecord(e.opts.PIDFile); err != nil || r.PID != st.PID || !r.Alive() {
		t.Errorf("record: %+v, %v", r, err)
	}
	s := f.last
	if s.Image != "r/router:1" || s.Env["SKUPPER_SITE_ID"] != "site-1" || s.Env[BaseVariable] != Base || s.Env["QDROUTERD_CONF"] != "/etc/skupper-router/config/skrouterd.json" ||
		s.Labels[labelSite] != "site-1" || len(s.Mounts) != 3 || s.KeepID != (os.Getuid() != 0) {
		t.Errorf("the container is %+v", s)
	}
	// Another one, as of an agent that was started anew, adopts it, and does so without the engine.
	other := New(e.opts)
	other.opts.Open = func(context.Context, string) (API, error) {
		return nil, fault.New(fault.Engine, "it does not answer", "")
	}
	if now := other.State(t.Context()); now.PID != st.PID {
		t.Errorf("adopted: %+v", now)
	}
	if err := other.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "stop the podman container west-skupper-router: it does not answer") {
		t.Errorf("stopped without the engine: %v", err)
	}
	for range 2 {
		if err := e.Stop(t.Context()); err != nil || len(f.containers) != 0 {
			t.Errorf("stop: %v, %v", err, f.containers)
		}
	}
	if st := e.State(t.Context()); st.Running {
		t.Errorf("after: %+v", st)
	}
	if st := other.State(t.Context()); st.Err == nil {
		t.Errorf("after, without the engine: %+v", st)
	}
	if err := other.Stop(t.Context()); err != nil {
		t.Errorf("nothing runs and there is no engine: %v", err)
	}
}

// A container that somebody else stops is left alone for a while: another tool puts it aside that way, and makes its own.
func TestStoppedByOthers(t *testing.T) {
	f := newFake(t)
	e := engineOn(t, f, named)
	if err := e.Start(t.Context()); err != nil || !e.State(t.Context()).Running {
		t.Fatal(err)
	}
	name := e.name()
	c := f.containers[name]
	f.kill()
	c.Running, c.Status, c.PID = false, "exited", 0
	f.containers[name] = c
	at := f.asked
	f.onInspect = func(n int) {
		if n != at+3 { // those of the start itself find it stopped, the one after the wait does not
			return
		}
		spec := f.last
		spec.Image = "theirs"
		delete(f.containers, name)
		if err := f.Run(t.Context(), spec); err != nil {
			t.Error(err)
		}
	}
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := f.containers[name].Image; got != "theirs" || !e.State(t.Context()).Running {
		t.Errorf("image %q", got)
	}
}

// Whoever wants to know the image of a container that another tool made hears of it before that goes, and may choose by it.
func TestFound(t *testing.T) {
	for name, end := range map[string]func(*Engine) error{
		"start": func(e *Engine) error { return e.Start(t.Context()) },
		"stop":  func(e *Engine) error { return errors.Join(e.Stop(t.Context()), e.Start(t.Context())) },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t)
			s := named
			e := engineOn(t, f, s)
			e.opts.Settings = func() (Settings, error) { return s, nil }
			f.images["theirs:2"] = engineapi.Image{}
			f.containers[e.name()] = engineapi.Container{ID: "c", Image: "theirs:2", Status: "exited", Labels: map[string]string{"application": labelApplication, labelSite: "site-1"}}
			e.opts.Found = func(image string) error { return errors.New("not now") }
			if err := end(e); err == nil || f.containers[e.name()].Image != "theirs:2" {
				t.Errorf("it went unheard: %v", err)
			}
			e.opts.Found = func(image string) error {
				s.Image = image
				return nil
			}
			if err := end(e); err != nil || f.last.Image != "theirs:2" {
				t.Errorf("the next one has image %q, %v", f.last.Image, err)
			}
		})
	}
}

// A container of our name that is somebody else's is left alone.
func TestForeign(t *testing.T) {
	for name, c := range map[string]engineapi.Container{
		"unlabelled": {Running: true, PID: 1},
		"other home": {Running: true, PID: 1, Labels: map[string]string{"application": labelApplication, labelSite: "site-2"}, Mounts: []engineapi.Mount{{Source: "/other", Target: configPath}}},
	} {
		f := newFake(t)
		f.containers["west-skupper-router"] = c
		e := engineOn(t, f, named)
		for what, err := range map[string]error{"start": e.Start(t.Context()), "free": e.Free(t.Context(), f)} {
			if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "there is a container west-skupper-router already") || fault.Hint(err) == "" {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		if err := e.Stop(t.Context()); err != nil || len(f.containers) != 1 {
			t.Errorf("%s: stop: %v, %v", name, err, f.containers)
		}
	}
}

// One of this site or of this directory is ours, whatever made it.
func TestOurs(t *testing.T) {
	for name, label := range map[string]string{"same site": "site-1", "same directory": "site-0"} {
		f := newFake(t)
		e := engineOn(t, f, named)
		c := engineapi.Container{Status: "exited", ExitCode: 1, Started: time.Now(), Labels: map[string]string{"application": labelApplication, labelSite: label}}
		if label == "site-0" {
			c.Mounts = []engineapi.Mount{{Source: e.configDir(), Target: configPath}}
		}
		f.containers["west-skupper-router"] = c
		if st := e.State(t.Context()); st.Running || !strings.Contains(st.Detail, "has exited with code 1; its log ends with: no room | bye") {
			t.Errorf("%s: %+v", name, st)
		}
		if err := e.Start(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// One that was renamed is ended with its site, and is not made a second time.
func TestRenamed(t *testing.T) {
	f := newFake(t)
	e := engineOn(t, f, named)
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	rename := func(from, to string) {
		f.containers[to] = f.containers[from]
		delete(f.containers, from)
	}
	rename("west-skupper-router", "other")
	// Neither one of another namespace, nor what has our name now, is taken for it.
	f.containers["east-skupper-router"] = engineapi.Container{Labels: map[string]string{"application": labelApplication}, Mounts: []engineapi.Mount{{Source: "/east", Target: configPath}}}
	if err := os.Remove(e.opts.PIDFile); err != nil { // as after the machine has started anew
		t.Fatal(err)
	}
	if st := e.State(t.Context()); !st.Running || !strings.Contains(st.Detail, "podman container other, which was named west-skupper-router") {
		t.Errorf("renamed: %+v", st)
	}
	if err := e.Start(t.Context()); err != nil || len(f.containers) != 2 {
		t.Errorf("started again: %v, %v", err, f.containers)
	}
	f.containers["west-skupper-router"] = engineapi.Container{Running: true, PID: 1}
	if _, err := e.Image(t.Context()); err != nil {
		t.Errorf("image: %v", err)
	}
	if err := e.Stop(t.Context()); err != nil || len(f.containers) != 2 || f.process != nil {
		t.Errorf("stopped: %v, %v", err, f.containers)
	}
	if err := e.Start(t.Context()); !fault.Is(err, fault.Conflict) {
		t.Errorf("somebody has our name: %v", err)
	}
}

// Of a container that is paused its router says nothing; the engine knows why.
func TestPaused(t *testing.T) {
	f := newFake(t)
	e := engineOn(t, f, named)
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if why := e.WhySilent(t.Context()); why != "" {
		t.Errorf("it runs: %q", why)
	}
	c := f.containers["west-skupper-router"]
	c.Status = paused
	f.containers["west-skupper-router"] = c
	if why := e.WhySilent(t.Context()); !strings.Contains(why, "is paused: podman unpause west-skupper-router") {
		t.Errorf("paused: %q", why)
	}
}

func TestDoesNotStart(t *testing.T) {
	f := newFake(t)
	f.ends = true
	err := engineOn(t, f, named).Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "has exited with code 3; its log ends with: no room | bye") || fault.Hint(err) != "podman logs west-skupper-router" {
		t.Errorf("got %v", err)
	}
	// One that its engine starts again and again is not taken for one that runs.
	f.containers["west-skupper-router"] = engineapi.Container{Running: true, PID: os.Getpid(), Restarts: 5, Started: time.Now(), Labels: map[string]string{"application": labelApplication, labelSite: "site-1"}}
	if st := engineOn(t, f, named).State(t.Context()); st.Running || !strings.Contains(st.Detail, "ends again and again") {
		t.Errorf("got %+v", st)
	}
}

func TestImages(t *testing.T) {
	refused := fault.New(fault.Denied, "pull r/router:1: unauthorized", "podman login r")
	static := Embeddable() == nil
	for _, tt := range []struct {
		name     string
		settings Settings
		have     string // architecture of the image that is here; empty: none
		pull     error
		want     string // image, or what the error says
		kind     fault.Kind
		said     string
	}{
		{"pulled", named, "", nil, "r/router:1", 0, "pulling r/router:1|pulled as me"},
		{"here", named, runtime.GOARCH, refused, "r/router:1", 0, ""},
		{"always", Settings{Router: FromName, Image: "r/router:1", Pull: PullAlways}, runtime.GOARCH, refused, "r/router:1", 0, "pulling r/router:1|pulled as me|pull r/router:1: unauthorized; the one that is here is used"},
		{"never", Settings{Router: FromName, Image: "r/router:1", Pull: PullNever}, "", nil, "not to be pulled", fault.Missing, ""},
		{"refused", named, "", refused, "unauthorized", fault.Denied, "pulling r/router:1|pulled as me"},
		{"other machine", named, "s390x", nil, "is for s390x, and this machine is " + runtime.GOARCH, fault.Failed, ""},
		{"auto", Settings{Router: Auto, Image: "r/router:1", Pull: PullMissing}, "", refused, embeddedName, 0, "pulling r/router:1|pulled as me|pull r/router:1: unauthorized"},
		{"embedded", Settings{Router: Embedded, Image: "r/router:1"}, "", refused, embeddedName, 0, ""},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			if !static && (tt.settings.Router != FromName) {
				t.Skip("this test's program is not static: no image can be made of it")
			}
			f := newFake(t)
			f.pull = tt.pull
			if tt.have != "" {
				f.images["r/router:1"] = engineapi.Image{Architecture: tt.have}
			}
			var said []string
			got, err := tt.settings.Obtain(t.Context(), f, func(string) engineapi.Credentials { return engineapi.Credentials{Username: "me"} }, func(s string) { said = append(said, s) })
			if strings.Join(said, "|") != tt.said {
				t.Errorf("said %q", said)
			}
			if tt.kind != 0 {
				if !fault.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) || fault.Hint(err) == "" {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || !strings.HasPrefix(got.Ref, tt.want) || got.Embedded != (tt.want == embeddedName) || (got.Why != "") != (tt.name == "auto") {
				t.Errorf("got %+v, %v", got, err)
			}
			if got.Embedded && (f.imported < 1<<20 || !strings.Contains(strings.Join(f.changes, "\n"), `ENTRYPOINT ["/podman-skupper","router","-c","/etc/skupper-router/config/skrouterd.json"]`)) {
				t.Errorf("the image has %d octets, changes %q", f.imported, f.changes)
			}
		})
	}
}

func TestSettings(t *testing.T) {
	env := map[string]string{}
	get := func() (Settings, error) {
		return FromEnvironment(engineapi.Podman, 0, func(k string) string { return env[k] })
	}
	if s, err := get(); err != nil || s != (Settings{"unix:///run/podman/podman.sock", Auto, "quay.io/skupper/skupper-router:main", PullMissing, false}) {
		t.Errorf("got %+v, %v", s, err)
	}
	env = map[string]string{"SKUPPER_IMAGE_REGISTRY": "r/x/", "SKUPPER_ROUTER_IMAGE_PULL_POLICY": "Never", "SKUPPER_ENGINE": "image", "CONTAINER_ENDPOINT": "unix:///e"}
	s, err := get()
	if err != nil || s != (Settings{"unix:///e", FromName, "r/x/skupper-router:main", PullNever, false}) {
		t.Errorf("got %+v, %v", s, err)
	}
	path := filepath.Join(t.TempDir(), "s.json")
	if _, ok, err := ReadSettings(path); ok || err != nil {
		t.Errorf("none: %v, %v", ok, err)
	}
	if err := s.Write(path); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := ReadSettings(path); !ok || err != nil || got != s {
		t.Errorf("got %+v, %v, %v", got, ok, err)
	}
	for _, text := range []string{"", "{}", `{"endpoint":"x","router":"mars"}`, "["} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := ReadSettings(path); ok || err == nil {
			t.Errorf("%q: %v, %v", text, ok, err)
		}
	}
	for name, value := range map[string]string{"SKUPPER_ROUTER_IMAGE_PULL_POLICY": "never", "SKUPPER_ENGINE": "c"} {
		env = map[string]string{name: value}
		if _, err := get(); !fault.Is(err, fault.Usage) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
