package adaptor

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func tree(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		if rel, _ := filepath.Rel(dir, path); rel != "." {
			line := rel + " " + info.Mode().Perm().String()
			if !info.IsDir() {
				data, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				line += " " + string(data)
			}
			out = append(out, line)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, "\n")
}

func TestWriteProfile(t *testing.T) {
	d := newDisk(t.TempDir(), t.TempDir())
	all := map[string][]byte{fileCA: []byte("A"), fileCert: []byte("B"), fileKey: []byte("C")}
	const want = "p -rwxr-xr-x\np/ca.crt -rw-r--r-- A\np/tls.crt -rw-r--r-- B\np/tls.key -rw------- C"
	for i, step := range []struct {
		files   map[string][]byte
		written bool
		tree    string
	}{
		{all, true, want},
		{all, false, want},
		{map[string][]byte{fileCA: []byte("D")}, true, "p -rwxr-xr-x\np/ca.crt -rw-r--r-- D"},
		{all, true, want},
	} {
		written, err := d.writeProfile("p", uint64(i), step.files)
		if err != nil || written != step.written || d.ordinals["p"] != uint64(i) {
			t.Errorf("step %d: wrote %v, %v, ordinal %d", i, written, err, d.ordinals["p"])
		}
		if got := tree(t, d.config); got != step.tree {
			t.Errorf("step %d: got\n%s", i, got)
		}
	}
	fresh := t.TempDir() // the way without exchange
	if err := os.WriteFile(filepath.Join(fresh, fileCA), []byte("E"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := swapFiles(fresh, filepath.Join(d.config, "p")); err != nil || !sameFiles(filepath.Join(d.config, "p"), map[string][]byte{fileCA: []byte("E")}) {
		t.Errorf("%v: %s", err, tree(t, d.config))
	}
	d.dropProfile("p")
	d.dropProfile("never")
	if got := tree(t, d.config); got != "" {
		t.Errorf("left: %s", got)
	}
	for _, bad := range []string{"", ".", "..", "../x", "a/b", ".hidden", strings.Repeat("x", 254)} {
		if _, err := d.writeProfile(bad, 1, all); err == nil {
			t.Errorf("%q is a name", bad)
		}
		if _, err := d.writePassword(bad, nil); err == nil {
			t.Errorf("%q is a name of a proxy", bad)
		}
	}
}

// TestNoHalves reads a pair while it is replaced: a certificate and a key that are opened in one directory belong together.
func TestNoHalves(t *testing.T) {
	d := newDisk(t.TempDir(), "")
	pair := func(s string) map[string][]byte {
		return map[string][]byte{fileCA: []byte(s), fileCert: []byte(s), fileKey: []byte(s)}
	}
	if _, err := d.writeProfile("p", 0, pair("0")); err != nil {
		t.Fatal(err)
	}
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-end:
				return
			default:
			}
			dir, err := os.OpenRoot(filepath.Join(d.config, "p")) // stays in the directory that it found
			if err != nil {
				t.Error(err)
				return
			}
			cert, certErr := dir.ReadFile(fileCert)
			key, keyErr := dir.ReadFile(fileKey)
			if certErr == nil && keyErr == nil && string(cert) != string(key) {
				t.Errorf("certificate %s with key %s", cert, key)
			}
			_ = dir.Close()
		}
	}()
	for i := range 200 {
		if _, err := d.writeProfile("p", uint64(i), pair(string(rune('a'+i%20)))); err != nil {
			t.Fatal(err)
		}
	}
	close(end)
	<-done
}

func TestWritePassword(t *testing.T) {
	d := newDisk(t.TempDir(), t.TempDir())
	for _, step := range []struct {
		password string
		replaced bool
	}{{"one", false}, {"one", false}, {"two", true}} {
		replaced, err := d.writePassword("p", []byte(step.password))
		if err != nil || replaced != step.replaced {
			t.Errorf("%s: %v, %v", step.password, replaced, err)
		}
		if got := tree(t, d.proxies); got != "p -rwxr-xr-x\np/password.txt -rw-r--r-- "+step.password {
			t.Errorf("got %s", got)
		}
	}
}

func TestWriteCredentials(t *testing.T) {
	d := newDisk(t.TempDir(), t.TempDir())
	want := parse(t, `["sslProfile",{"name":"a","caCertFile":"/d/a/ca.crt","certFile":"c","privateKeyFile":"k","ordinal":2}],["sslProfile",{"name":"b-profile","caCertFile":"x"}],
		["sslProfile",{"name":"bad","caCertFile":"x"}],["sslProfile",{"name":"old","caCertFile":"x","ordinal":3}],["sslProfile",{"name":"none","caCertFile":"x"}],["proxyProfile",{"name":"px","host":"h","port":"1"}],["proxyProfile",{"name":"py","host":"h","port":"1"}]`)
	files := map[string][]byte{fileCA: []byte("ca"), fileCert: []byte("cert"), fileKey: []byte("key")}
	secrets := map[string]credential{
		"a":   {profiles: []profileContext{{"a", 2}, {"a-profile", 2}}, files: files},
		"a2":  {profiles: []profileContext{{"a", 1}}, files: map[string][]byte{fileCA: []byte("older")}},
		"b":   {},
		"bad": {fault: "annotation is not a list"},
		"old": {profiles: []profileContext{{"old", 2}}, files: files},
		"px":  {password: []byte("secret")},
	}
	lacks, _ := d.writeCredentials(want, secrets)
	for _, text := range []string{
		"TLS profile b-profile: secret b does not say that it is for it: the controller has not annotated it", "TLS profile bad: secret bad: annotation is not a list",
		"TLS profile old: secret old has ordinal 2, the configuration wants 3", "TLS profile none: there is no secret for it", "proxy py: there is no secret py of type kubernetes.io/basic-auth",
	} {
		if !slices.Contains(lacks, text) {
			t.Errorf("%q is not among %q", text, lacks)
		}
	}
	if len(lacks) != 5 || !maps.Equal(d.ordinals, map[string]uint64{"a": 2}) {
		t.Errorf("lacks %q, has %v", lacks, d.ordinals)
	}
	if got := tree(t, d.config); got != "a -rwxr-xr-x\na/ca.crt -rw-r--r-- ca\na/tls.crt -rw-r--r-- cert\na/tls.key -rw------- key" {
		t.Errorf("got\n%s", got)
	}
	secrets["a"] = credential{profiles: []profileContext{{"a", 1}}, files: files} // somebody put an old one back
	want.SSLProfiles[0].Ordinal = 1
	if lacks, _ := d.writeCredentials(want, secrets); !slices.ContainsFunc(lacks, func(s string) bool { return strings.Contains(s, "older than what the router has (2)") }) {
		t.Errorf("lacks %q", lacks)
	}
}

// TestWriteWhatCanBeWritten has credentials that cannot be written: they are missing, each try in the same words, and keep no others from
// being written.
func TestWriteWhatCanBeWritten(t *testing.T) {
	want := parse(t, `["sslProfile",{"name":"a/b","caCertFile":"x"}],["sslProfile",{"name":"c","caCertFile":"x"}],["proxyProfile",{"name":"p/q","host":"h","port":"1"}],["proxyProfile",{"name":"r","host":"h","port":"1"}]`)
	files := map[string][]byte{fileCA: []byte("ca")}
	secrets := map[string]credential{"s": {profiles: []profileContext{{"a/b", 0}, {"c", 0}}, files: files}, "p/q": {password: []byte("1")}, "r": {password: []byte("2")}}
	d := newDisk(t.TempDir(), t.TempDir())
	lacks, _ := d.writeCredentials(want, secrets)
	if len(lacks) != 2 || !strings.HasPrefix(lacks[0], "TLS profile a/b cannot be written: ") || !strings.HasPrefix(lacks[1], "the password of proxy p/q cannot be written: ") {
		t.Errorf("lacks %q", lacks)
	}
	if got := tree(t, d.config) + tree(t, d.proxies); got != "c -rwxr-xr-x\nc/ca.crt -rw-r--r-- car -rwxr-xr-x\nr/password.txt -rw-r--r-- 2" {
		t.Errorf("got\n%s", got)
	}
	gone := newDisk(filepath.Join(t.TempDir(), "gone"), t.TempDir())
	for range 2 {
		if lacks, _ := gone.writeCredentials(want, secrets); !slices.Contains(lacks, "TLS profile c cannot be written: no such file or directory") {
			t.Errorf("lacks %q", lacks)
		}
	}
}
