package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var stamp = time.Date(2024, 5, 6, 7, 8, 10, 0, time.UTC)

// sources makes the two files every archive here is made of, with the wall clock's times on them.
func sources(t *testing.T) (prog, text string) {
	dir := t.TempDir()
	prog, text = filepath.Join(dir, "p"), filepath.Join(dir, "t")
	for f, data := range map[string]string{prog: strings.Repeat("octets ", 1000), text: "licence"} {
		if err := os.WriteFile(f, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return prog, text
}

func TestSameOctetsWhateverTheOrderAndPlace(t *testing.T) {
	for _, kind := range []string{".tar.gz", ".zip"} {
		t.Run(kind, func(t *testing.T) {
			var made [][]byte
			for i := range 2 {
				prog, text := sources(t)
				args := []string{"prog=" + prog + ":x", "LICENSE=" + text}
				if i == 1 {
					slices.Reverse(args)
				}
				out := filepath.Join(t.TempDir(), fmt.Sprintf("a%d%s", i, kind))
				if err := run(stamp, append([]string{out}, args...)); err != nil {
					t.Fatal(err)
				}
				data, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				made = append(made, data)
			}
			if !bytes.Equal(made[0], made[1]) {
				t.Error("two archives of the same files differ")
			}
		})
	}
}

func TestContent(t *testing.T) {
	prog, text := sources(t)
	dir := t.TempDir()
	want := "LICENSE -rw-r--r-- 7 2024-05-06T07:08:10Z\nprog -rwxr-xr-x 7000 2024-05-06T07:08:10Z\n"
	for _, kind := range []string{"a.tar.gz", "a.zip"} {
		out := filepath.Join(dir, kind)
		if err := run(stamp, []string{out, "prog=" + prog + ":x", "LICENSE=" + text}); err != nil {
			t.Fatal(err)
		}
		if got := list(t, out); got != want {
			t.Errorf("%s holds\n%swant\n%s", kind, got, want)
		}
	}
}

func TestRefused(t *testing.T) {
	prog, _ := sources(t)
	dir := t.TempDir()
	out := filepath.Join(dir, "a.zip")
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no entry", []string{out}, "at least one NAME=FILE"},
		{"kind", []string{filepath.Join(dir, "a.rar"), "p=" + prog}, "neither in .tar.gz nor in .zip"},
		{"form", []string{out, prog}, "is not NAME=FILE"},
		{"twice", []string{out, "p=" + prog, "p=" + prog + ":x"}, "given twice"},
		{"absent", []string{out, "p=" + prog + ".no"}, "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := run(stamp, c.args)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("left %v behind", left)
			}
		})
	}
}

func list(t *testing.T, file string) string {
	var b strings.Builder
	if strings.HasSuffix(file, ".zip") {
		z, err := zip.OpenReader(file)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		for _, f := range z.File {
			fmt.Fprintf(&b, "%s %v %d %s\n", f.Name, f.Mode(), f.UncompressedSize64, f.Modified.UTC().Format(time.RFC3339))
		}
		return b.String()
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	gz, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	tr := tar.NewReader(gz)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %v %d %s\n", h.Name, h.FileInfo().Mode(), h.Size, h.ModTime.UTC().Format(time.RFC3339))
	}
}
