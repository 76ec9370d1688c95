package isolate

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// settings of the kernel that belong to no namespace and that a kubelet changes.
var global = []string{"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes"}

type settings map[string]string

func saveSettings() settings {
	saved := settings{}
	for _, name := range global {
		if text, err := os.ReadFile("/proc/sys/" + name); err == nil { // not every kernel has them all
			saved[name] = strings.TrimSpace(string(text))
		}
	}
	return saved
}

// restore writes only what differs, as writing may not be allowed.
func (s settings) restore() (err error) {
	now := saveSettings()
	for name, value := range s {
		if now[name] == value {
			continue
		}
		if writeErr := os.WriteFile("/proc/sys/"+name, []byte(value), 0o644); writeErr != nil {
			err = errors.Join(err, fmt.Errorf("put back %s=%s: %w", name, value, writeErr))
		}
	}
	return err
}
