//go:build unix

package shim

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestFunctions has shells take the function and use it, as strict as they can be, and with an alias of that name.
func TestFunctions(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{Podman, Program} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\necho "+name+" $# \"$@\"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const want = "podman 0\npodman-skupper 2 site a b\npodman 2 run a b\npodman-skupper 3 __complete site \npodman 1 __complete\npodman 2 __complete skupper\n"
	for shell, flags := range map[string][]string{"bash": {"-O", "expand_aliases"}, "zsh": {"-f"}} {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skip("NOT TESTED: there is no " + shell)
			}
			text, ok := Function(shell)
			if !ok {
				t.Fatal("there is none")
			}
			file, script := filepath.Join(t.TempDir(), "function"), filepath.Join(t.TempDir(), "script")
			use := "set -eu\nalias podman='echo alias'\n. '" + file + "'\nunalias podman\npodman\npodman skupper site 'a b'\npodman run 'a b'\n" +
				"podman __complete skupper site ''\npodman __complete\npodman __complete skupper\n"
			for name, text := range map[string]string{file: text, script: use} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), path, append(flags, script)...)
			cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + bin}
			if out, err := cmd.CombinedOutput(); err != nil || string(out) != want {
				t.Errorf("%v\n%s\nwant\n%s", err, out, want)
			}
		})
	}
}
