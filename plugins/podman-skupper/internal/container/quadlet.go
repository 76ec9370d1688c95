package container

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
)

// Mountable says why a directory cannot be mounted by a Quadlet file, in which nothing can be quoted; nil: it can.
func Mountable(dir string) error {
	if strings.ContainsAny(dir, " \t\n'\"\\:") {
		return fmt.Errorf("%q has white space, a quote, a backslash or a colon, which a Quadlet file cannot name", dir)
	}
	return nil
}

// Quadlet is the file of which Podman 4.4 and later makes the unit that runs a container. The container ends and is removed
// with its unit, so systemd and not the engine starts it again.
func Quadlet(namespace string, s engineapi.Spec, before ...string) []byte {
	var b bytes.Buffer
	line := func(key, value string) { fmt.Fprintf(&b, "%s=%s\n", key, value) }
	b.WriteString("[Unit]\n")
	line("Description", supervise.RouterDescription(namespace))
	line("Wants", "network-online.target")
	line("After", "network-online.target")
	if len(before) > 0 {
		line("Before", strings.Join(before, " "))
	}
	line("StartLimitIntervalSec", "0") // it is started again however often it ends
	b.WriteString("\n[Container]\n")
	line("ContainerName", s.Name)
	line("Image", s.Image)
	line("Network", "host")
	if user, group, ok := strings.Cut(s.User, ":"); ok {
		line("User", user)
		line("Group", group)
	}
	if s.KeepID {
		line("PodmanArgs", "--userns=keep-id") // UserNS is of 4.5
	}
	for _, k := range slices.Sorted(maps.Keys(s.Env)) {
		line("Environment", supervise.Quote(k+"="+s.Env[k]))
	}
	for _, k := range slices.Sorted(maps.Keys(s.Labels)) {
		line("Label", supervise.Quote(k+"="+s.Labels[k]))
	}
	for _, m := range s.Mounts {
		line("Volume", strings.ReplaceAll(m.Source+":"+m.Target+":z", "%", "%%")) // no quotes: Podman leaves them in the path
	}
	b.WriteString("\n[Service]\n")
	line("Restart", "always")
	line("RestartSec", "1")
	line("TimeoutStartSec", "900") // the image may have to be pulled
	line("TimeoutStopSec", "70")
	b.WriteString("\n[Install]\n")
	line("WantedBy", "default.target")
	return b.Bytes()
}
