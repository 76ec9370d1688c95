//go:build e2e

package e2e

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// secretsAreKept asserts that nobody else can read what holds a secret, and that no log has one.
func secretsAreKept(t *testing.T, p place, codes ...string) {
	t.Helper()
	keys := 0
	err := filepath.WalkDir(p.home.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if perm := info.Mode().Perm(); perm&0o022 != 0 || info.Mode()&fs.ModeSocket != 0 && perm != 0o600 {
			t.Errorf("%s has mode %o", path, perm)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		secret := bytes.Contains(b, []byte("PRIVATE KEY")) || bytes.Contains(b, []byte("tls.key:")) // base64 in a Secret
		for _, c := range codes {
			secret = secret || bytes.Contains(b, []byte(c))
		}
		if !secret {
			return nil
		}
		keys++
		if strings.Contains(filepath.Base(path), ".log") {
			t.Errorf("there is a secret in %s", path)
		}
		if perm := info.Mode().Perm(); perm != 0o600 {
			t.Errorf("%s has a secret and mode %o", path, perm)
		}
		return nil
	})
	if err != nil || keys == 0 {
		t.Errorf("looked at %d files with secrets: %v", keys, err)
	}
}

func TestSecretsWhateverTheMask(t *testing.T) {
	t.Parallel()
	for _, mask := range []string{"000", "077"} {
		t.Run(mask, func(t *testing.T) {
			t.Parallel()
			west := in(t, "west")
			masked := func(p place, args ...string) {
				t.Helper()
				cmd := p.cmd(args...)
				cmd.Args = append([]string{"sh", "-c", "umask " + mask + `; exec "$0" "$@"`, cmd.Path}, cmd.Args[1:]...)
				cmd.Path = "/bin/sh"
				if r := finish(t, cmd, args); r.code != 0 {
					t.Fatalf("%v ended with %d: %s", args, r.code, r.err)
				}
			}
			east := west.beside("east")
			file := filepath.Join(west.home.Dir, "token.yaml")
			masked(west, "site", "create", "west", "--enable-link-access")
			masked(west, "token", "issue", file, "--redemptions-allowed", "2")
			masked(east, "site", "create", "east")
			masked(east, "token", "redeem", file)
			east.shows(patience, `Ready +1 +OK`, "link", "status")
			secretsAreKept(t, west, read(t, file).Code)
		})
	}
}
