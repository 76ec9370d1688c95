//go:build linux

package container

import (
	"bytes"
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
		"usual":   {"unix:///run/podman/podman.sock", "for container in $(podman container ls -a -q --filter label=application=skupper-v2 --filter label=skupper.io/site-id=site-1); do\n    podman start "},
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

const quadletWant = `[Unit]
Description=Skupper router of namespace west
Wants=network-online.target
After=network-online.target
Before=skupper-agent.service

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
Volume="/a b/router:/etc/skupper-router/config:z"

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
		Mounts: []engineapi.Mount{{Source: "/a b/router", Target: "/etc/skupper-router/config"}}}, "skupper-agent.service")
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
		"--env A=b", `"C=d 50%%"`, "--label application=skupper-v2", "/a b/router:/etc/skupper-router/config:z", "Restart=always", "Before=skupper-agent.service"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
}
