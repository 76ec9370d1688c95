package connection

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/shared/fault"
)

const containersConf = `
[engine]
active_service = "old"
REMOTE

[engine.service_destinations.old]
uri = "unix:///run/old/podman.sock"

[engine.service_destinations.far]
uri = "ssh://core@example.com:2222/run/user/1000/podman/podman.sock"
identity = "/home/u/.ssh/id"

[engine.service_destinations.vm]
uri = "ssh://core@127.0.0.1:40000/run/user/501/podman/podman.sock"
is_machine = true
`

const connections = `{"Connection":{"Default":"new","Connections":{
 "new":{"URI":"unix:///run/new/podman.sock"},
 "far2":{"URI":"ssh://root@192.0.2.7/run/podman/podman.sock"},
 "net":{"URI":"tcp://192.0.2.8:8080"},
 "loop":{"URI":"tcp://127.0.0.1:8080"}}}}`

// configure gives podman a configuration, remote or not, and connections that podman system connection add wrote; empty: none.
func configure(t *testing.T, remote bool, made string) {
	t.Helper()
	dir := t.TempDir()
	line := ""
	if remote {
		line = "remote = true"
	}
	conf := filepath.Join(dir, "containers.conf")
	if err := os.WriteFile(conf, []byte(strings.ReplaceAll(containersConf, "REMOTE", line)), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "podman-connections.json")
	if made != "" {
		if err := os.WriteFile(file, []byte(made), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CONTAINERS_CONF", conf)
	t.Setenv("PODMAN_CONNECTIONS_CONF", file)
	for _, name := range []string{"CONTAINERS_CONF_OVERRIDE", "CONTAINER_ENDPOINT", "CONTAINER_CONNECTION", "CONTAINER_HOST"} {
		t.Setenv(name, "")
	}
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/7")
}

func TestPodman(t *testing.T) {
	for _, tc := range []struct {
		name   string
		choice Choice
		env    map[string]string
		remote bool
		made   string
		url    string
		from   string
	}{
		{"nothing-said", Choice{}, nil, false, connections, "unix:///run/user/7/podman/podman.sock", ""},
		{"url", Choice{URL: "unix:///a/b"}, map[string]string{"CONTAINER_ENDPOINT": "unix:///x", "CONTAINER_HOST": "unix:///y"}, true, connections, "unix:///a/b", "url"},
		{"path", Choice{URL: "/a/b"}, nil, false, "", "unix:///a/b", "url"},
		{"connection-made", Choice{Connection: "new"}, map[string]string{"CONTAINER_HOST": "unix:///y"}, false, connections, "unix:///run/new/podman.sock", `podman's connection "new"`},
		{"connection-of-conf", Choice{Connection: "old"}, nil, false, connections, "unix:///run/old/podman.sock", `podman's connection "old"`},
		{"endpoint", Choice{}, map[string]string{"CONTAINER_ENDPOINT": "unix:///x", "CONTAINER_CONNECTION": "new", "CONTAINER_HOST": "unix:///y"}, true, connections, "unix:///x", "CONTAINER_ENDPOINT"},
		{"connection-in-environment", Choice{}, map[string]string{"CONTAINER_CONNECTION": "new", "CONTAINER_HOST": "unix:///y"}, true, connections, "unix:///run/new/podman.sock", `podman's connection "new"`},
		{"host", Choice{}, map[string]string{"CONTAINER_HOST": "unix:///y"}, true, connections, "unix:///y", "CONTAINER_HOST"},
		{"remote-made", Choice{}, nil, true, connections, "unix:///run/new/podman.sock", `podman's default connection "new"`},
		{"remote-of-conf", Choice{}, nil, true, "", "unix:///run/old/podman.sock", `podman's default connection "old"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			configure(t, tc.remote, tc.made)
			for k, v := range tc.env {
				t.Setenv(k, v)
			}
			got, err := Podman(tc.choice, 7, os.Getenv)
			if want := (Engine{URL: tc.url, From: tc.from}); err != nil || got != want {
				t.Errorf("got %+v, %v; want %+v", got, err, want)
			}
		})
	}
	t.Run("root", func(t *testing.T) {
		configure(t, false, "")
		if got, err := Podman(Choice{}, 0, os.Getenv); err != nil || got.URL != "unix:///run/podman/podman.sock" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("no-runtime-directory", func(t *testing.T) {
		configure(t, false, "")
		t.Setenv("XDG_RUNTIME_DIR", "")
		if got, err := Podman(Choice{}, 7, os.Getenv); err != nil || got.URL != "unix:///run/user/7/podman/podman.sock" {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestElsewhere(t *testing.T) {
	for _, tc := range []struct {
		name      string
		choice    Choice
		kind      fault.Kind
		msg, hint string
	}{
		{"ssh", Choice{Connection: "far"}, fault.Usage, `podman's connection "far" leads to another machine, ssh://core@example.com:2222/run/user/1000/podman/podman.sock, but a local site runs on the machine of its engine`,
			"run it there: ssh -p 2222 core@example.com podman-skupper"},
		{"ssh-made", Choice{Connection: "far2"}, fault.Usage, "leads to another machine", "run it there: ssh root@192.0.2.7 podman-skupper"},
		{"ssh-url", Choice{URL: "ssh://u:hush@example.com/x"}, fault.Usage, "url leads to another machine, ssh://u:xxxxx@example.com/x", "ssh u@example.com podman-skupper"},
		{"machine", Choice{Connection: "vm"}, fault.Usage, "leads into the virtual machine", "podman machine ssh"},
		{"tcp", Choice{Connection: "net"}, fault.Usage, "leads to another machine, tcp://192.0.2.8:8080", "--url unix:///PATH"},
		{"tcp-here", Choice{Connection: "loop"}, fault.Usage, "anybody on this machine could use that engine", "unix:///PATH"},
		{"unknown", Choice{Connection: "west"}, fault.Missing, `connection is "west", and podman has no connection of that name`, "podman system connection list"},
		{"no-address", Choice{URL: "x"}, fault.Usage, `url is "x", want an address`, ""},
		{"relative", Choice{URL: "unix://x/y"}, fault.Usage, "want unix:///PATH", ""},
		{"other", Choice{URL: "npipe:////./pipe/x"}, fault.Usage, "begins with unix://", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			configure(t, false, connections)
			_, err := Podman(tc.choice, 7, os.Getenv)
			if fault.KindOf(err) != tc.kind || !strings.Contains(err.Error(), tc.msg) || !strings.Contains(fault.Hint(err), tc.hint) {
				t.Errorf("got %v, hint %q; want %v: %s, hint %q", err, fault.Hint(err), tc.kind, tc.msg, tc.hint)
			}
			if strings.Contains(err.Error()+fault.Hint(err), "hush") {
				t.Error("the password is told")
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	for _, tc := range []struct {
		name   string
		choice Choice
		env    map[string]string
		remote bool
		want   Place // zero: this machine
		says   string
	}{
		{"nothing-said", Choice{}, nil, false, Place{}, ""},
		{"here", Choice{URL: "unix:///a"}, map[string]string{"CONTAINER_HOST": "ssh://x"}, false, Place{}, ""},
		{"connection", Choice{Connection: "far"}, nil, false, Place{User: "core", Host: "example.com", Port: "2222", Identity: "/home/u/.ssh/id", Engine: "unix:///run/user/1000/podman/podman.sock", From: `podman's connection "far"`}, ""},
		{"own-key", Choice{Connection: "far", Identity: "/k"}, map[string]string{"CONTAINER_SSHKEY": "/other"}, false, Place{User: "core", Host: "example.com", Port: "2222", Identity: "/k", Engine: "unix:///run/user/1000/podman/podman.sock", From: `podman's connection "far"`}, ""},
		{"virtual", Choice{Connection: "vm"}, nil, false, Place{User: "core", Host: "127.0.0.1", Port: "40000", Engine: "unix:///run/user/501/podman/podman.sock", Virtual: true, From: `podman's connection "vm"`}, ""},
		{"host", Choice{}, map[string]string{"CONTAINER_HOST": "ssh://[fd00::1]/", "CONTAINER_SSHKEY": "/k"}, false, Place{Host: "fd00::1", Identity: "/k", From: "CONTAINER_HOST"}, ""},
		{"default", Choice{}, nil, true, Place{}, ""},
		{"no-such", Choice{Connection: "west"}, nil, false, Place{}, "no connection of that name"},
		{"no-such-in-environment", Choice{}, map[string]string{"CONTAINER_CONNECTION": "west"}, false, Place{}, "no connection of that name"},
		{"password", Choice{URL: "ssh://u:hush@example.com/x"}, nil, false, Place{}, "ssh takes no password from an address"},
		{"flag-of-ssh", Choice{URL: "ssh://-oProxyCommand=touch/x"}, nil, false, Place{}, "want ssh://USER@HOST"},
		{"flag-of-ssh-as-user", Choice{URL: "ssh://-oProxyCommand@h/x"}, nil, false, Place{}, "want ssh://USER@HOST"},
		{"no-host", Choice{URL: "ssh:///x"}, nil, false, Place{}, "want ssh://USER@HOST"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			configure(t, tc.remote, connections)
			t.Setenv("CONTAINER_SSHKEY", "")
			for k, v := range tc.env {
				t.Setenv(k, v)
			}
			got, ok, err := tc.choice.Elsewhere(os.Getenv)
			if got != tc.want || ok != (tc.want != Place{}) {
				t.Errorf("got %+v, %v, want %+v", got, ok, tc.want)
			}
			if (err != nil) != (tc.says != "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v, want %q", err, tc.says)
			}
			if err != nil && strings.Contains(err.Error()+fault.Hint(err), "hush") {
				t.Error("the password is told")
			}
		})
	}
	t.Run("broken", func(t *testing.T) {
		configure(t, false, "{")
		if err := os.WriteFile(os.Getenv("CONTAINERS_CONF"), []byte("[engine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := (Choice{}).Elsewhere(os.Getenv); ok || err != nil {
			t.Errorf("what nobody asked for keeps from going on: %v", err)
		}
		if _, _, err := (Choice{Connection: "far"}).Elsewhere(os.Getenv); err == nil {
			t.Error("no word of it to who asked for a connection")
		}
	})
}

func TestPlaceString(t *testing.T) {
	for want, p := range map[string]Place{"h": {Host: "h"}, "u@[fd00::1]:22": {User: "u", Host: "fd00::1", Port: "22"}} {
		if p.String() != want {
			t.Errorf("%s, want %s", p, want)
		}
	}
}

func TestBrokenConfiguration(t *testing.T) {
	configure(t, false, "{")
	if err := os.WriteFile(os.Getenv("CONTAINERS_CONF"), []byte("[engine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Podman(Choice{}, 7, os.Getenv); fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), "containers.conf") {
		t.Errorf("got %v", err)
	}
	if got, err := Podman(Choice{URL: "unix:///a"}, 7, os.Getenv); err != nil || got.URL != "unix:///a" {
		t.Errorf("what nobody needs keeps from going on: %v", err)
	}
	if names := Names(); len(names) > 0 {
		t.Errorf("names %v", names)
	}
}

func TestNames(t *testing.T) {
	configure(t, false, connections)
	names := Names()
	for _, want := range []string{"new\tunix:///run/new/podman.sock", "far\tssh://core@example.com:2222/run/user/1000/podman/podman.sock"} {
		if !slices.Contains(names, want) {
			t.Errorf("no %q among %q", want, names)
		}
	}
}

func TestDocker(t *testing.T) {
	dir := t.TempDir()
	env := map[string]string{}
	getenv := func(k string) string { return env[k] }
	write := func(path, text string) {
		t.Helper()
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	context := func(name, host string) {
		sum := sha256.Sum256([]byte(name))
		write("contexts/meta/"+hex.EncodeToString(sum[:])+"/meta.json", `{"Name":"`+name+`","Endpoints":{"docker":{"Host":"`+host+`","SkipTLSVerify":false}}}`)
	}
	context("rootless", "unix:///run/user/7/docker.sock")
	context("far", "ssh://u@example.com")
	check := func(what, url, from string, c Choice) {
		t.Helper()
		if got, err := Docker(c, getenv); err != nil || got.URL != url || got.From != from {
			t.Errorf("%s: got %+v, %v; want %s of %s", what, got, err, url, from)
		}
	}
	env["HOME"] = dir + "/none"
	check("nothing said", "unix:///run/docker.sock", "", Choice{})
	env["DOCKER_CONFIG"] = dir
	check("no configuration", "unix:///run/docker.sock", "", Choice{})
	write("config.json", `{"auths":{},"currentContext":"rootless"}`)
	check("context chosen", "unix:///run/user/7/docker.sock", `docker's context "rootless"`, Choice{})
	env["DOCKER_CONTEXT"] = "default"
	check("default context", "unix:///run/docker.sock", "", Choice{})
	env["DOCKER_CONTEXT"] = "far"
	if p, ok, err := (Choice{}).DockerElsewhere(getenv); err != nil || !ok || p.String() != "u@example.com" || p.Engine != "" {
		t.Errorf("far: %+v, %v", p, err)
	}
	if _, err := Docker(Choice{}, getenv); fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), "another machine") {
		t.Errorf("far: %v", err)
	}
	env["DOCKER_CONTEXT"] = "../x"
	if _, err := Docker(Choice{}, getenv); fault.KindOf(err) != fault.Missing {
		t.Errorf("unknown context: %v", err)
	}
	env["DOCKER_HOST"] = "unix:///h"
	check("host", "unix:///h", "DOCKER_HOST", Choice{})
	env["CONTAINER_ENDPOINT"] = "unix:///e"
	check("endpoint", "unix:///e", "CONTAINER_ENDPOINT", Choice{})
	check("url", "unix:///u", "url", Choice{URL: "unix:///u"})
	check("context", "unix:///run/user/7/docker.sock", `docker's context "rootless"`, Choice{Connection: "rootless"})
	check("context that docker has by itself", "unix:///run/docker.sock", "", Choice{Connection: "default"})
	if _, err := Docker(Choice{Connection: "x"}, getenv); fault.KindOf(err) != fault.Missing {
		t.Errorf("no such context: %v", err)
	}
	clear(env)
	env["DOCKER_CONFIG"] = dir
	write("config.json", "{")
	if _, err := Docker(Choice{}, getenv); fault.KindOf(err) != fault.Usage {
		t.Errorf("broken configuration: %v", err)
	}
}
