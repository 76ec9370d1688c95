package node

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Image is one made of static programs and nothing else.
type Image struct {
	Name       string            // with its tag
	Programs   map[string]string // path in the image to file
	Entrypoint []string
	User       string // empty: root
}

// WriteArchive writes the image as docker save would, so that ctr and podman can load it.
func (i Image) WriteArchive(to io.Writer) error {
	layer, err := os.CreateTemp("", "layer-*.tar") // its checksum comes before it
	if err != nil {
		return err
	}
	defer os.Remove(layer.Name()) //nolint:errcheck // a leftover does no harm
	defer layer.Close()           //nolint:errcheck // it is read to its end below
	sum := sha256.New()
	if err := i.writeLayer(io.MultiWriter(layer, sum)); err != nil {
		return err
	}
	size, err := layer.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := layer.Seek(0, io.SeekStart); err != nil {
		return err
	}
	config, err := json.Marshal(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux", "created": time.Unix(0, 0).UTC(),
		"config": map[string]any{"Entrypoint": i.Entrypoint, "User": i.User, "Env": []string{"PATH=/app:/"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(sum.Sum(nil))}},
	})
	if err != nil {
		return err
	}
	manifest, err := json.Marshal([]any{map[string]any{"Config": "config.json", "RepoTags": []string{i.Name}, "Layers": []string{"layer.tar"}}})
	if err != nil {
		return err
	}
	archive := tar.NewWriter(to)
	for _, f := range []struct {
		name string
		size int64
		from io.Reader
	}{
		{"manifest.json", int64(len(manifest)), bytes.NewReader(manifest)},
		{"config.json", int64(len(config)), bytes.NewReader(config)},
		{"layer.tar", size, layer},
	} {
		if err := archive.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: f.size}); err != nil {
			return err
		}
		if _, err := io.Copy(archive, f.from); err != nil {
			return err
		}
	}
	return archive.Close()
}

// writeLayer writes the file system: the programs, the directories they are in, and /tmp.
func (i Image) writeLayer(to io.Writer) error {
	layer := tar.NewWriter(to)
	made := map[string]bool{".": true}
	directory := func(name string, mode int64) error {
		if made[name] {
			return nil
		}
		made[name] = true
		return layer.WriteHeader(&tar.Header{Name: name + "/", Typeflag: tar.TypeDir, Mode: mode})
	}
	if err := directory("tmp", 0o1777); err != nil {
		return err
	}
	for name, file := range i.Programs {
		name = strings.TrimPrefix(name, "/")
		if err := directory(path.Dir(name), 0o755); err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := layer.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			return err
		}
		if _, err := layer.Write(text); err != nil {
			return err
		}
	}
	return layer.Close()
}

// Load makes the image known to the node.
func (c *Cluster) Load(ctx context.Context, i Image) error {
	f, err := os.CreateTemp(c.dir, "image-*.tar")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // a leftover does no harm
	if err := i.WriteArchive(f); err != nil {
		_ = f.Close()
		return fmt.Errorf("make image %s: %w", i.Name, err)
	}
	if err := f.Close(); err != nil {
		return err
	}
	return c.Import(ctx, f.Name())
}

// Import makes the images of an archive known to the node: of docker save, or an OCI layout.
func (c *Cluster) Import(ctx context.Context, archive string) error {
	_, err := c.ctr(ctx, "images", "import", archive)
	return err
}

func (c *Cluster) importPause(ctx context.Context, program string) error {
	err := c.await(ctx, "containerd", func(ctx context.Context) error {
		_, err := c.ctr(ctx, "version")
		return err
	})
	if err != nil {
		return err
	}
	return c.Load(ctx, Image{Name: "localhost/pause:test", Programs: map[string]string{"/pause": program}, Entrypoint: []string{"/pause"}})
}

// ctr speaks with the node's containerd.
func (c *Cluster) ctr(ctx context.Context, args ...string) (string, error) {
	return output(c.host.Command(ctx, "ctr", append([]string{"--address", c.path("c.sock"), "--namespace", "k8s.io"}, args...)...))
}

// snapshotter is how containerd makes the file systems of containers in dir: layers cannot be stacked upon stacked layers,
// which dir is made of if this machine is a container itself.
func snapshotter(dir string) string {
	const stacked = 0x794c7630 // OVERLAYFS_SUPER_MAGIC
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err == nil && fs.Type == stacked {
		return "native"
	}
	return "overlayfs"
}
