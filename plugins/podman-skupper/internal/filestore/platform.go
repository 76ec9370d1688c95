package filestore

import (
	"errors"
	"os"
	"strings"
	"syscall"

	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// PlatformLinux is the platform whose router is a process on this machine, and that of a namespace that is bound to none.
const PlatformLinux = "linux"

// ReadPlatform is the platform that the namespace is bound to; os.ErrNotExist if it is bound to none.
func (d Dir) ReadPlatform() (string, error) {
	b, err := os.ReadFile(d.Platform())
	if errors.Is(err, syscall.ENOTDIR) {
		return PlatformLinux, fault.Wrap(fault.Failed, "read platform", err, directoriesHint)
	}
	if err != nil {
		return PlatformLinux, err
	}
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "platform:"); ok {
			return strings.Trim(strings.TrimSpace(name), `"'`), nil
		}
	}
	return PlatformLinux, fault.New(fault.Failed, d.Platform()+" names no platform", "write `platform: linux`, or podman or docker, into it")
}

// BindPlatform binds the namespace to a platform.
func (d Dir) BindPlatform(name string) error {
	if err := MakeDir(d.Internal(), 0o755); err != nil {
		return err
	}
	_, err := atomicfile.WriteChanged(d.Platform(), 0o644, []byte("platform: "+name+"\n"))
	return err
}
