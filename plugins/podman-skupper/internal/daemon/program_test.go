package daemon

import (
	"testing"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
)

// TestKeepRouterProgram: a site without a router of its own choice gets the one in this program, also where another had one.
func TestKeepRouterProgram(t *testing.T) {
	d := filestore.Under(t.TempDir()).Namespace("east")
	if err := d.Make(); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"", "/usr/sbin/skrouterd", ""} {
		if err := KeepRouterProgram(d, program); err != nil {
			t.Fatal(err)
		}
		if got, err := KeptRouterProgram(d.RouterProgram()); got != program || err != nil {
			t.Errorf("kept %q, %v; want %q", got, err, program)
		}
	}
}
