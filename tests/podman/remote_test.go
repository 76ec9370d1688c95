//go:build podman

package podman

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/skupper-plugins/suite/tests/sandbox"
)

// server is a real sshd on loopback that lets its key in as this user, to another installation than that of who comes.
type server struct {
	port, key string
	home      sandbox.Home // of the installation there
	bin       string       // where programs are there
	client    string       // a directory with an ssh that knows the server
	stop      func()
}

// listenSSH starts a server. There is no podman-skupper there yet.
func listenSSH(t *testing.T) *server {
	t.Helper()
	sshd, err := exec.LookPath("sshd")
	if err != nil {
		t.Skip("NOT TESTED: there is no sshd (openssh-server)")
	}
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("NOT TESTED: there is no ssh (openssh-client)")
	}
	if _, err := os.Stat("/run/sshd"); err != nil { // without which it does not start, and which its unit makes
		if err := os.Mkdir("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Remove("/run/sshd") })
	}
	dir := t.TempDir()
	s := &server{port: free(t), key: filepath.Join(dir, "id"), home: sandbox.New(t), bin: filepath.Join(dir, "there"), client: filepath.Join(dir, "here")}
	for _, name := range []string{"host", "id"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, name)).CombinedOutput(); err != nil {
			t.Fatal(string(out))
		}
	}
	hostKey, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	env := ""
	for _, e := range append([]string{"PATH=" + s.bin + ":" + os.Getenv("PATH"), "SKUPPER_ENGINE=embedded"}, s.home.Env()...) { // of two the first counts
		env += fmt.Sprintf(" %q", e)
	}
	for name, text := range map[string]string{
		"sshd.conf": "ListenAddress 127.0.0.1:" + s.port + "\nHostKey " + dir + "/host\nAuthorizedKeysFile " + dir + "/id.pub\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n" +
			"PidFile none\nPermitRootLogin yes\nSetEnv" + env + "\n",
		"known":    "[127.0.0.1]:" + s.port + " " + string(hostKey),
		"ssh.conf": "UserKnownHostsFile " + dir + "/known\nStrictHostKeyChecking yes\nIdentitiesOnly yes\nBatchMode yes\n",
		"here/ssh": "#!/bin/sh\nexec " + ssh + " -F " + dir + "/ssh.conf \"$@\"\n",
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil { //nolint:gosec // one is a program
			t.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), sshd, "-D", "-e", "-f", filepath.Join(dir, "sshd.conf"))
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		_ = log.Close()
	}
	t.Cleanup(func() {
		s.stop()
		if text, _ := os.ReadFile(filepath.Join(dir, "log")); t.Failed() {
			t.Logf("-- sshd\n%s", text)
		}
	})
	soon(t, "sshd listens", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+s.port)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return s
}

// install puts the program there.
func (s *server) install(t *testing.T) {
	t.Helper()
	if err := os.MkdirAll(s.bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(s.bin, "podman-skupper")); err != nil {
		t.Fatal(err)
	}
}

// url is the address of the engine there.
func (s *server) url() string { return "ssh://root@127.0.0.1:" + s.port + engine.Socket() }

// A user's podman is somewhere else, and so is the site: everything about it is done there over ssh, with files that are here.
func TestRemote(t *testing.T) {
	s := listenSSH(t)
	here := in(t, "far")
	env := []string{"PATH=" + s.client + ":" + os.Getenv("PATH"), "CONTAINER_ENDPOINT=", "CONTAINER_SSHKEY=" + s.key}
	far := here.with(append(env, "CONTAINER_HOST="+s.url(), "DOCKER_HOST="+s.url())...)
	far.refuses(125, "there is no podman-skupper on root@127.0.0.1:"+s.port+", to which (CONTAINER|DOCKER)_HOST leads(.|\n)*try: ssh -i .*mkdir -p", "site", "status")
	s.install(t)

	far.do("site", "create", "far", "--enable-link-access")
	if out := engine.do(t, "ps", "--format", "{{.Names}}"); !strings.Contains(out, far.container()) {
		t.Fatalf("containers: %s", out)
	}
	if _, err := os.Stat(here.dir()); err == nil {
		t.Error("there is a namespace here too")
	}
	if _, err := os.Stat(filepath.Join(s.home.Dir, "namespaces", "far")); err != nil {
		t.Error(err)
	}
	near := in(t, "near").with("SKUPPER_PLATFORM=linux", "SKUPPER_ENGINE=")
	near.do("site", "create", "near")
	token := filepath.Join(near.home.Dir, "t.yaml")
	far.do("token", "issue", token)
	if info, err := os.Stat(token); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token: %v, %v", info, err)
	}
	near.do("token", "redeem", token)
	near.shows(`Ready +1`, "link", "status")
	port := free(t)
	far.do("connector", "create", "echo", serve(t))
	near.do("listener", "create", "echo", port)
	flows(t, port)
	far.refuses(6, "was issued by this very site", "token", "redeem", token) // it got there, and what was said came back
	far.refuses(4, "there is no file", "token", "redeem", "nothing.yaml")
	if r := far.do("token", "issue", "/dev/stdout"); !strings.Contains(r.out, "kind: AccessToken") {
		t.Errorf("%s%s", r.out, r.err)
	}
	far.refuses(1, "no space left", "token", "issue", "/dev/full")
	if out := far.do("token", "status", "-q").out; strings.Count(out, "\n") != 2 {
		t.Errorf("tokens: %s", out)
	}

	file := filepath.Join(here.home.Dir, "web.yaml")
	if err := os.WriteFile(file, []byte(far.do("listener", "generate", "web", free(t)).out), 0o600); err != nil {
		t.Fatal(err)
	}
	far.do("system", "apply", "-f", file)
	far.shows("web", "listener", "status", "-o", "json")
	far.do("system", "delete", "-f", file)
	far.do("debug", "dump", filepath.Join(here.home.Dir, "dump.tar.gz"))
	if out, err := exec.Command("tar", "tzf", filepath.Join(here.home.Dir, "dump.tar.gz")).CombinedOutput(); err != nil || !strings.Contains(string(out), "container.log") {
		t.Errorf("the dump has %s, %v", out, err)
	}
	images := filepath.Join(here.home.Dir, "images.tar")
	far.do("system", "images", "save", images, "--engine", "embedded")
	if out := far.do("system", "images", "load", images).out; !strings.Contains(out, "podman-skupper-router") {
		t.Errorf("loaded: %s", out)
	}

	t.Run("interrupted", func(t *testing.T) {
		cmd := exec.Command(program, "--namespace", "far", "link", "status", "--watch")
		cmd.Env = append(here.home.Env(), far.env...)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		soon(t, "it runs there", func() bool { return len(running(`"link","status"`)) == 1 })
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
		_ = out.Close()
		soon(t, "it has ended there", func() bool { return len(running(`"link","status"`)) == 0 })
	})
	t.Run("connection", func(t *testing.T) {
		if engine.Kind != "podman" {
			t.Skip("podman's")
		}
		conf := filepath.Join(here.home.Dir, "containers.conf")
		text := "[engine]\nactive_service = \"there\"\n[engine.service_destinations.there]\nuri = \"" + s.url() + "\"\nidentity = \"" + s.key + "\"\n"
		if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		named := here.with("PATH="+s.client+":"+os.Getenv("PATH"), "CONTAINER_ENDPOINT=", "CONTAINERS_CONF="+conf, "PODMAN_CONNECTIONS_CONF="+filepath.Join(here.home.Dir, "none.json"))
		named.shows(`far +Ready`, "--connection", "there", "site", "status")
		named.shows(`far +Ready`, "--remote", "site", "status")
		if out := named.do("site", "status").out; strings.Contains(out, "far") {
			t.Errorf("nobody asked for another machine: %s", out)
		}
		shim := exec.Command(program)
		shim.Args = []string{"podman", "-c", "there", "skupper", "--namespace", "far", "link", "status"}
		shim.Env = append(here.home.Env(), named.env...)
		out, err := shim.CombinedOutput()
		if want := "next: podman skupper token issue FILE --namespace far --connection there"; err != nil || !regexp.MustCompile("there are no links").Match(out) {
			t.Errorf("%v: %s, want %q", err, out, want)
		}
		named.refuses(4, `podman has no connection of that name`, "--connection", "west", "site", "status")
	})
	far.do("site", "delete", "--all")
	near.do("site", "delete", "--all")
	engine.nothingLeft(t)
	far.do("system", "uninstall")

	s.stop()
	far.refuses(125, "ssh cannot run anything there(.|\n)*try: ssh -i ", "site", "status")
}

// running are the processes of the program that were sent for by another machine and have these words.
func running(words string) (pids []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range all {
		text, err := os.ReadFile(file)
		if err == nil && strings.HasPrefix(string(text), "podman-skupper\x00over-ssh\x00") && strings.Contains(string(text), words) {
			pids = append(pids, filepath.Base(filepath.Dir(file)))
		}
	}
	return pids
}
