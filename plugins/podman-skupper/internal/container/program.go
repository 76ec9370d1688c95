package container

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
)

// embeddedName is the name of images made here; the tag is the program's hash.
const embeddedName = "localhost/skupper/podman-skupper-router"

// inImage is the path of the program in such an image.
const inImage = "/podman-skupper"

// program is the one that images are made of: this very one, even if its file was replaced meanwhile.
const program = "/proc/self/exe"

// Embeddable says why no image can be made of this program, or nil.
func Embeddable() error {
	f, err := elf.Open(program)
	if err != nil {
		return fault.Wrap(fault.Failed, "read this program", err, "")
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return fault.New(fault.Failed, "this program needs libraries of this system, and so cannot be made an image: it was built with cgo", "build it with CGO_ENABLED=0")
		}
	}
	return nil
}

// EmbeddedImage is the name of the image that is made of this program.
func EmbeddedImage() (string, error) { return embeddedRef() }

// embeddedRef is the image of this program.
func embeddedRef() (string, error) {
	f, err := os.Open(program)
	if err != nil {
		return "", fault.Wrap(fault.Failed, "read this program", err, "")
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fault.Wrap(fault.Failed, "read this program", err, "")
	}
	return embeddedName + ":" + hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

// embeddedChanges make an image a router.
func embeddedChanges() []string {
	return []string{
		fmt.Sprintf(`ENTRYPOINT ["%s","router","-c","%s"]`, inImage, configPath+"/"+configName),
		"LABEL application=" + labelApplication,
	}
}

// build makes the image of this program.
func build(ctx context.Context, api API, ref string) error {
	if err := Embeddable(); err != nil {
		return err
	}
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() { // ends when the engine has read all, or the pipe is closed
		defer close(done)
		w.CloseWithError(archive(w))
	}()
	err := api.Import(ctx, ref, embeddedChanges(), r)
	_ = r.Close()
	<-done
	if err != nil {
		return fault.Wrap(fault.KindOf(err), "make the image of the embedded router", err, fault.Hint(err))
	}
	return nil
}

// archive writes the file system of the image: the program, and where programs look for a temporary directory.
func archive(to io.Writer) error {
	f, err := os.Open(program)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	t := tar.NewWriter(to)
	long := time.Unix(0, 0) // the same image from the same program
	return errors.Join(
		t.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777, ModTime: long}),
		t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: inImage[1:], Mode: 0o755, Size: info.Size(), ModTime: long}),
		copyAll(t, f), t.Close())
}

func copyAll(to io.Writer, from io.Reader) error {
	_, err := io.Copy(to, from)
	return err
}
