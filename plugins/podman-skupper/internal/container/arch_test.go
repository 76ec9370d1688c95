//go:build linux

package container

import (
	"runtime"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/shared/fault"
)

// A program for another kind of machine is named as that, when its container ends and when it cannot be started.
func TestOtherMachine(t *testing.T) {
	const want = "the program in image r.example/router:1 is not for this machine: pull or load the one for " + runtime.GOARCH
	f := newFake(t)
	f.ends, f.words = true, []string{"exec /skrouterd: exec format error"}
	e := engineOn(t, f, named)
	if err := e.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "is not for this machine") {
		t.Errorf("ended: %v", err)
	}
	err := e.started(fault.New(fault.Engine, "podman says: OCI runtime error: Exec format error", ""), "r.example/router:1")
	if fault.KindOf(err) != fault.Failed || !strings.HasPrefix(fault.Hint(err), want) {
		t.Errorf("not started: %v, %q", err, fault.Hint(err))
	}
	if got := otherMachine("exit status 1", "i"); got != "" {
		t.Errorf("got %q", got)
	}
	if got := WrongMachine("i", "riscv64"); got != "image i is for riscv64, and this machine is "+runtime.GOARCH {
		t.Errorf("got %q", got)
	}
	if WrongMachine("i", "") != "" || WrongMachine("i", runtime.GOARCH) != "" {
		t.Error("an image for this machine is refused")
	}
}
