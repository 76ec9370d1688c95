//go:build linux

package container

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
)

func TestScripts(t *testing.T) {
	env := func(string) string { return "" }
	for name, tt := range map[string]struct{ endpoint, want string }{
		"usual":   {"unix:///run/podman/podman.sock", "all=$(podman container ls -a -q --filter 'label=application=skupper-v2' --filter 'label=skupper.io/site-id=site-1') || exit\nfor container in $all; do\n    podman start "},
		"special": {"unix:///a dir/it's.sock", `podman --url 'unix:///a dir/it'\''s.sock' start "$container"`},
	} {
		t.Run(name, func(t *testing.T) {
			e := engineOn(t, newFake(t), Settings{Endpoint: tt.endpoint, Router: Embedded})
			start, stop, err := e.Scripts(0, env)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(start), tt.want) || !strings.Contains(string(stop), "stop -t 10") || strings.Contains(string(stop), "ls -a") {
				t.Errorf("got\n%s\n%s", start, stop)
			}
			for _, script := range [][]byte{start, stop} {
				cmd := exec.CommandContext(t.Context(), "sh", "-n")
				cmd.Stdin = bytes.NewReader(script)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			}
		})
	}
}

// What an input file says of a site is text for the scripts and never a command, and what the engine says against it is not lost.
func TestScriptsRun(t *testing.T) {
	for name, id := range map[string]string{"quote": `a'; touch "$MARK"; '`, "command": "$(touch $MARK)", "space": "a b"} {
		t.Run(name, func(t *testing.T) {
			e := engineOn(t, newFake(t), Settings{Endpoint: "unix:///run/podman/podman.sock", Router: Embedded})
			meta, err := json.Marshal(map[string]string{"id": id})
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal([][]any{{"router", map[string]string{"id": "a", "mode": "interior", "metadata": string(meta)}}})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(e.opts.ConfigFile, text, 0o600); err != nil {
				t.Fatal(err)
			}
			start, stop, err := e.Scripts(0, func(string) string { return "" })
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			engine := "#!/bin/sh\nfor word; do echo \"$word\" >> " + dir + "/words; done\nexit $STATUS\n"
			if err := os.WriteFile(filepath.Join(dir, "podman"), []byte(engine), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, script := range [][]byte{start, stop} {
				for status, want := range map[string]int{"0": 0, "3": 3} {
					cmd := exec.CommandContext(t.Context(), "/bin/sh")
					cmd.Stdin = bytes.NewReader(script)
					cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "MARK=" + dir + "/mark", "STATUS=" + status}
					out, _ := cmd.CombinedOutput()
					if got := cmd.ProcessState.ExitCode(); got != want {
						t.Errorf("podman ends with %s, the script with %d: %s\n%s", status, got, out, script)
					}
				}
			}
			if _, err := os.Stat(dir + "/mark"); err == nil {
				t.Errorf("it ran what the site is called:\n%s", start)
			}
			if words, _ := os.ReadFile(dir + "/words"); !strings.Contains(string(words), "\nlabel=skupper.io/site-id="+id+"\n") {
				t.Errorf("podman got\n%s", words)
			}
		})
	}
}

// Docker's client may go by a context of its own.
func TestScriptsOfDocker(t *testing.T) {
	e := engineOn(t, newFake(t), Settings{Endpoint: "unix:///run/docker.sock", Router: Embedded})
	e.opts.Platform = engineapi.Docker
	start, _, err := e.Scripts(0, func(string) string { return "" })
	if err != nil || !strings.Contains(string(start), "docker --host 'unix:///run/docker.sock' start") {
		t.Errorf("got %v\n%s", err, start)
	}
}

const quadletWant = `[Unit]
Description=Skupper router of namespace west
Wants=network-online.target
After=network-online.target
Before=skupper-agent.service
StartLimitIntervalSec=0

[Container]
ContainerName=west-skupper-router
Image=r/i:1
Network=host
User=1000
Group=1001
PodmanArgs=--userns=keep-id
Environment=A=b
Environment="C=d 50%%"
Label=application=skupper-v2
Label=skupper.io/site-id=s
Volume=/a%%b/router:/etc/skupper-router/config:z

[Service]
Restart=always
RestartSec=1
TimeoutStartSec=900
TimeoutStopSec=70

[Install]
WantedBy=default.target
`

// TestQuadlet has Podman's own program read the file too, where there is one: $QUADLET, or that of Podman 4.4 and later.
func TestQuadlet(t *testing.T) {
	got := Quadlet("west", engineapi.Spec{Name: "west-skupper-router", Image: "r/i:1", User: "1000:1001", KeepID: true,
		Env: map[string]string{"C": "d 50%", "A": "b"}, Labels: map[string]string{"skupper.io/site-id": "s", "application": "skupper-v2"},
		Mounts: []engineapi.Mount{{Source: "/a%b/router", Target: "/etc/skupper-router/config"}}}, "skupper-agent.service")
	if string(got) != quadletWant {
		t.Errorf("got\n%s", got)
	}
	program := os.Getenv("QUADLET")
	if program == "" {
		program = "/usr/libexec/podman/quadlet"
	}
	if _, err := os.Stat(program); err != nil {
		t.Skip("Podman's own program did not read it: there is no " + program)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "skupper-west.container"), got, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "-dryrun")
	cmd.Env = append(os.Environ(), "QUADLET_UNIT_DIRS="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{"---skupper-west.service---", "--name west-skupper-router", "--network host", "--user 1000:1001", "--userns=keep-id",
		"--env A=b", `"C=d 50%%"`, "--label application=skupper-v2", "/a%%b/router:/etc/skupper-router/config:z", "Restart=always", "Before=skupper-agent.service"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}

func TestMountable(t *testing.T) {
	for dir, want := range map[string]bool{"/var/lib/skupper": true, "/a%b/c;d": true, "/a b": false, "/a:b": false, "/a'b": false, "/a\"b": false, `/a\b`: false, "/a\tb": false} {
		if err := Mountable(dir); (err == nil) != want {
			t.Errorf("%q: %v", dir, err)
		}
	}
}
