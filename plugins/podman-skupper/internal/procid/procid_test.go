//go:build linux || darwin

package procid

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

func TestIdentity(t *testing.T) {
	self, err := Self()
	if err != nil || self.PID != os.Getpid() || self.Start == "" || !self.Alive() {
		t.Fatalf("got %+v, %v", self, err)
	}
	child := exec.CommandContext(t.Context(), "sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	id, err := Of(child.Process.Pid)
	if err != nil || !id.Alive() || id == self {
		t.Fatalf("got %+v, %v", id, err)
	}
	other := id
	other.Start = "0"
	if err := other.Signal(syscall.SIGKILL); !errors.Is(err, os.ErrProcessDone) || !id.Alive() {
		t.Errorf("a process with the number only: %v", err)
	}
	if err := id.Signal(syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	_ = child.Wait()
	if id.Alive() {
		t.Error("alive after its end")
	}
	for _, pid := range []int{0, -1, id.PID} {
		if _, err := Of(pid); !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("%d: got %v", pid, err)
		}
	}
	if (ID{}).Alive() {
		t.Error("the zero value is alive")
	}
}
