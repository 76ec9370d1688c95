//go:build linux

package container

import (
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/shared/fault"
)

// What is said when SELinux denies something is told from other trouble, and only where it is enforced.
func TestDenied(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"podman relabels nfs": {`podman says: lsetxattr /home/me/.local/share/skupper/namespaces/default/runtime/router: operation not supported`, "SKUPPER_HOME"},
		"podman relabels etc": {`podman says: SELinux relabeling of /etc is not allowed`, "SKUPPER_HOME"},
		"docker relabels":     {`docker says: error setting label on mount source '/usr/x': relabeling content in /usr is not allowed`, "SKUPPER_HOME"},
		"docker without right": {`docker says: failed to set file label on /var/lib/skupper/namespaces/default/runtime/certs: permission denied`,
			"chcon -R -t container_file_t /d/runtime "},
		"crun":         {"podman says: crun: open `/var/lib/skupper/namespaces/default/runtime/router`: Permission denied: OCI permission denied", "system reload"},
		"runc":         {`podman says: runc: runc create failed: unable to start container process: exec: "/app/router": permission denied: OCI permission denied`, "system reload"},
		"our router":   {`podman container default-skupper-router has exited with code 1; its log ends with: Error: read the router's configuration: open /etc/skupper-router/config/skrouterd.json: permission denied`, ":z"},
		"c router":     {`docker container default-skupper-router ends again and again; its log ends with: Exception: Cannot load configuration file /etc/skupper-router/config/skrouterd.json: [Errno 13] Permission denied: '/etc/skupper-router/config/skrouterd.json'`, "ausearch"},
		"another port": {`podman container default-skupper-router has exited with code 1; its log ends with: listen tcp :55671: bind: address already in use`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := Denied(tt.text, "/d/runtime", true)
			if !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if got := Denied(tt.text, "/d/runtime", false); got != "" {
				t.Errorf("not enforced: %q", got)
			}
		})
	}
}

// It is said of a container that ends and of one that cannot be started.
func TestDeniedIsSaid(t *testing.T) {
	f := newFake(t)
	f.ends, f.words = true, []string{"open /etc/skupper-router/config/skrouterd.json: permission denied"}
	e := engineOn(t, f, named)
	e.opts.Enforced = func() bool { return true }
	if err := e.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "SELinux is enforced") {
		t.Errorf("ended: %v", err)
	}
	err := e.started(fault.New(fault.Engine, "podman says: crun: Permission denied", ""), "i")
	if fault.KindOf(err) != fault.Engine || !strings.Contains(fault.Hint(err), "container_file_t") {
		t.Errorf("not started: %v, %q", err, fault.Hint(err))
	}
}
