package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// example is an image for two platforms with a link, from files with the wall clock's times on them.
func example(t *testing.T) (image, []string) {
	t.Helper()
	dir := t.TempDir()
	args := []string{filepath.Join(t.TempDir(), "x.oci.tar")}
	for _, arch := range []string{"arm64", "amd64"} {
		file := filepath.Join(dir, arch)
		if err := os.WriteFile(file, []byte("program for "+arch), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "linux/"+arch+":/app/controller="+file)
	}
	license := filepath.Join(dir, "LICENSE")
	if err := os.WriteFile(license, []byte("licence"), 0o600); err != nil {
		t.Fatal(err)
	}
	return image{name: "registry.example.com:5000/x/controller:1.2", title: "T", license: license, at: time.Unix(1700000000, 0).UTC()}, append(args, "/app/kube-adaptor=/app/controller")
}

func TestSameOctetsWhateverThePlace(t *testing.T) {
	var made [][]byte
	for k := range 2 {
		i, args := example(t)
		if k == 1 {
			slices.Reverse(args[1:3])
		}
		if err := run(i, args); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(args[0])
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, data)
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("two images of the same files differ")
	}
}

// entries are what a tar file has, by name, with a line about each.
func entries(t *testing.T, r io.Reader) (data map[string][]byte, lines []string) {
	t.Helper()
	data = map[string][]byte{}
	tr := tar.NewReader(r)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return data, lines
		}
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(time.Unix(1700000000, 0)) || h.Uid != 0 || h.Gid != 0 || h.Uname != "" {
			t.Errorf("%s is of %v, %d:%d %q", h.Name, h.ModTime, h.Uid, h.Gid, h.Uname)
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %o %c %s", h.Name, h.Mode, h.Typeflag, h.Linkname)))
		if data[h.Name], err = io.ReadAll(tr); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLayout follows every reference from the top, as who imports does.
func TestLayout(t *testing.T) {
	i, args := example(t)
	if err := run(i, args); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	files, _ := entries(t, f)
	used := map[string]bool{}
	get := func(d descriptor, v any) []byte {
		t.Helper()
		name := "blobs/" + strings.Replace(d.Digest, ":", "/", 1)
		used[name] = true
		if b := files[name]; int64(len(b)) != d.Size || digest(b) != d.Digest {
			t.Fatalf("%s is %d octets, want %d", d.Digest, len(b), d.Size)
		}
		if v != nil {
			if err := json.Unmarshal(files[name], v); err != nil {
				t.Fatal(err)
			}
		}
		return files[name]
	}
	if string(files["oci-layout"]) != `{"imageLayoutVersion":"1.0.0"}` {
		t.Errorf("oci-layout is %s", files["oci-layout"])
	}
	var top, images index
	if err := json.Unmarshal(files["index.json"], &top); err != nil {
		t.Fatal(err)
	}
	if len(top.Manifests) != 1 || top.Manifests[0].Annotations["io.containerd.image.name"] != i.name || top.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != i.name {
		t.Fatalf("the top is %+v", top)
	}
	get(top.Manifests[0], &images)
	var found []string
	for _, d := range images.Manifests {
		var m manifest
		var s settings
		get(d, &m)
		get(m.Config, &s)
		found = append(found, d.Platform.OS+"/"+d.Platform.Architecture)
		if s.Architecture != d.Platform.Architecture || s.Config.User != "10000" || !slices.Equal(s.Config.Entrypoint, []string{"/app/controller"}) || s.Config.Labels["org.opencontainers.image.version"] != "1.2" {
			t.Errorf("the settings are %+v", s)
		}
		gz, err := gzip.NewReader(bytes.NewReader(get(m.Layers[0], nil)))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(gz)
		if err != nil || !slices.Equal(s.RootFS.DiffIDs, []string{digest(plain)}) {
			t.Errorf("the layer is %s, %v, the settings say %v", digest(plain), err, s.RootFS.DiffIDs)
		}
		in, lines := entries(t, bytes.NewReader(plain))
		want := []string{"app/ 755 5", "app/controller 755 0", "app/kube-adaptor 777 2 /app/controller", "licenses/ 755 5", "licenses/LICENSE 644 0", "tmp/ 1777 5"}
		if !slices.Equal(lines, want) || string(in["app/controller"]) != "program for "+s.Architecture {
			t.Errorf("the layer has %q with %q, want %q", lines, in["app/controller"], want)
		}
	}
	if !slices.Equal(found, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("platforms %v", found)
	}
	for name := range files {
		if strings.HasPrefix(name, "blobs/sha256/") && len(name) > len("blobs/sha256/") && !used[name] {
			t.Errorf("nobody refers to %s", name)
		}
	}
}

func TestBadArguments(t *testing.T) {
	i, args := example(t)
	unnamed := i
	unnamed.name = "controller"
	for name, err := range map[string]error{
		"is not NAME:TAG":        run(unnamed, args),
		"got 1 arguments":        run(i, args[:1]),
		"is neither":             run(i, append(slices.Clone(args), "/app/x")),
		"has no /app/none":       run(i, append(slices.Clone(args), "/link=/app/none")),
		"for linux/s390x has no": run(i, append(slices.Clone(args), "linux/s390x:/app/other="+args[0])),
		"no such file":           run(i, []string{args[0], "linux/amd64:/app/x=" + args[0] + "-none"}),
	} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
	left, err := os.ReadDir(filepath.Dir(args[0]))
	if err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
