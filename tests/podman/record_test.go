//go:build podman

package podman

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Where nothing is written down on how the container is made, the agent finds the engine as podman does.
func TestWithoutRecord(t *testing.T) {
	if engine.Kind != "podman" {
		t.Skip("connections are podman's")
	}
	p := in(t, "norec")
	conf := filepath.Join(p.home.Dir, "containers.conf")
	text := fmt.Sprintf("[engine]\nremote = true\nactive_service = \"test\"\n[engine.service_destinations.test]\nuri = %q\n", engine.Endpoint())
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p = p.with("CONTAINER_ENDPOINT=", "CONTAINERS_CONF="+conf)
	p.do("site", "create", "norec")
	p.do("system", "stop")
	if err := syscall.Kill(p.agentPID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(p.dir("internal", "container.json")); err != nil {
		t.Fatal(err)
	}
	p.do("system", "start")
	p.shows(`Ready +OK`, "site", "status")
	engine.do(t, "inspect", p.container())
	p.do("site", "delete", "norec")
	engine.nothingLeft(t)
}
