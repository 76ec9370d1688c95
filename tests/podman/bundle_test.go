//go:build podman

package podman

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/tests/sandbox"
)

// bare is a machine of somebody's on which our program is not: it has what is installed here, and the engine.
type bare struct {
	t    *testing.T
	home sandbox.Home
	env  []string
}

// onBare gives a machine whose engine's own command leads to the tests' engine.
func onBare(t *testing.T, image string) bare {
	t.Helper()
	m := bare{t: t, home: sandbox.New(t)}
	bin := filepath.Join(m.home.Dir, "bin")
	words := append([]string{"/usr/bin/docker"}, "-H", engine.Endpoint())
	if engine.Kind == "podman" {
		path, err := exec.LookPath("podman")
		if err != nil {
			t.Fatal(err)
		}
		words = append([]string{path}, engine.Store()...)
	}
	if err := os.Mkdir(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, engine.Kind), []byte("#!/bin/sh\nexec "+strings.Join(words, " ")+" \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	m.env = append(m.home.Env(), "PATH="+bin+":/usr/bin:/bin:/usr/sbin:/sbin", "SKUPPER_PLATFORM="+engine.Kind, "SKUPPER_ROUTER_IMAGE="+image, "CONTAINERS_CONF="+filepath.Join(engine.Dir, "containers.conf"))
	return m
}

func (m bare) run(args ...string) result {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), args[0], args[1:]...)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = m.env, m.home.Dir, &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		m.t.Fatal(err)
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

func (m bare) do(args ...string) string {
	m.t.Helper()
	r := m.run(args...)
	if r.code != 0 {
		m.t.Fatalf("%v ended with %d:\n%s%s", args, r.code, r.out, r.err)
	}
	return r.out
}

// A bundle is installed where our program is not: the engine runs the router, other sites link to it, and it goes without a trace.
func TestBundle(t *testing.T) {
	p := in(t, "bundle")
	image := routerImage(t, p)
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(p.home.Dir, "east", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("site.yaml", p.do("site", "generate", "east", "--enable-link-access", "--advertise", "127.0.0.1").out)
	write("connector.yaml", p.do("connector", "generate", "echo", serve(t), "--host", "127.0.0.1").out)
	for _, kind := range []string{"tarball", "shell-script"} {
		t.Run(kind, func(t *testing.T) {
			file, _, _ := strings.Cut(p.do("system", "generate-bundle", "east", "--input", "east", "--type", kind).out, "\n")
			m := onBare(t, image)
			install := []string{"sh", file}
			if kind == "tarball" {
				m.do("tar", "-xzf", file)
				install = []string{"sh", "./install.sh"}
			}
			if r := m.run(install...); r.code != 0 || !strings.Contains(r.out, "Site is installed in namespace bundle, on "+engine.Kind) || !strings.Contains(r.err, "next: "+strings.Join(install, " ")+" -d ") {
				t.Errorf("install says %+v", r)
			}
			if got := engine.do(t, "inspect", "--format", `{{index .Config.Labels "application"}} {{.HostConfig.NetworkMode}} {{.HostConfig.RestartPolicy.Name}} {{.State.Running}}`, p.container()); got != "skupper-v2 host always true" {
				t.Errorf("the container is %q", got)
			}
			if r := m.run(install...); r.code != 6 || !strings.Contains(r.err, `container "bundle-skupper-router" already exists`) {
				t.Errorf("a second time it ended with %d and said %q", r.code, r.err)
			}
			links := strings.Fields(m.do(append(append([]string(nil), install...), "-d", "links")...))
			if len(links) == 0 {
				t.Fatal("no links")
			}
			west := in(t, "west").with("SKUPPER_PLATFORM=linux", "SKUPPER_ENGINE=")
			west.do("site", "create", "west")
			west.do("system", "apply", "-f", filepath.Join(m.home.Dir, links[0]))
			west.shows(`Ready +1`, "link", "status")
			port := free(t)
			west.do("listener", "create", "echo", port)
			flows(t, port)
			m.do("sh", filepath.Join(m.home.Dir, "namespaces", "bundle", "internal", "scripts", "stop.sh"))
			if got := engine.do(t, "inspect", "--format", "{{.State.Running}}", p.container()); got != "false" {
				t.Errorf("running is %s after stop.sh", got)
			}
			m.do("sh", filepath.Join(m.home.Dir, "namespaces", "bundle", "internal", "scripts", "start.sh"))
			flows(t, port)
			west.do("site", "delete", "west")
			if out := m.do(append(append([]string(nil), install...), "-x")...); !strings.Contains(out, "Namespace bundle has been removed") {
				t.Errorf("removal says %q", out)
			}
			engine.nothingLeftOf(t, p.container())
			if left, err := os.ReadDir(filepath.Join(m.home.Dir, "namespaces")); err != nil || len(left) > 0 {
				t.Errorf("left: %v, %v", left, err)
			}
			if r := m.run(append(append([]string(nil), install...), "-x")...); r.code != 4 {
				t.Errorf("a second removal ended with %d: %s", r.code, r.err)
			}
		})
	}
}

// routerImage is an image of the router in our program, for a machine that can pull none.
func routerImage(t *testing.T, p place) string {
	t.Helper()
	const name = "localhost/bundle/router:1"
	p.do("system", "images", "save", filepath.Join(t.TempDir(), "i.tar"))
	image := strings.TrimSpace(p.do("system", "images", "list", "--format", "{{.Image}}").out)
	engine.do(t, "tag", image, name)
	engine.do(t, "rmi", image)
	t.Cleanup(func() { engine.do(t, "rmi", "-f", name) })
	return name
}
