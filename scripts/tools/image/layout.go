package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// user is who programs run as: clusters do not take images that run as root. It is a number, so that they can tell.
const user = "10000"

// The media types of the OCI image format.
const (
	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeConfig   = "application/vnd.oci.image.config.v1+json"
	typeLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// descriptor refers to a blob.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Platform    *platform         `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant,omitempty"`
}

type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Manifests     []descriptor `json:"manifests"`
}

type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	Config        descriptor        `json:"config"`
	Layers        []descriptor      `json:"layers"`
	Annotations   map[string]string `json:"annotations,omitempty"`
}

// settings are the part of an image's configuration that we set.
type settings struct {
	Created time.Time `json:"created"`
	platform
	Config struct {
		User       string            `json:"User"`
		Env        []string          `json:"Env"`
		Entrypoint []string          `json:"Entrypoint"`
		WorkingDir string            `json:"WorkingDir"`
		Labels     map[string]string `json:"Labels,omitempty"`
	} `json:"config"`
	RootFS struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
	History []map[string]any `json:"history"`
}

// blobs are what an archive consists of, by digest.
type blobs map[string][]byte

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (b blobs) add(mediaType string, data []byte) descriptor {
	d := digest(data)
	b[d] = data
	return descriptor{MediaType: mediaType, Digest: d, Size: int64(len(data))}
}

func (b blobs) addJSON(mediaType string, v any) (descriptor, error) {
	data, err := json.Marshal(v)
	return b.add(mediaType, data), err
}

// write writes the archive: each platform's image, an index of them, and an index that gives that its name.
func (i *image) write(w io.Writer) error {
	all := blobs{}
	images := index{SchemaVersion: 2, MediaType: typeIndex}
	for _, on := range slices.Sorted(maps.Keys(i.files)) {
		d, err := i.addPlatform(all, on)
		if err != nil {
			return fmt.Errorf("image for %s: %w", on, err)
		}
		images.Manifests = append(images.Manifests, d)
	}
	named, err := all.addJSON(typeIndex, images)
	if err != nil {
		return err
	}
	// containerd takes the first of these names, and podman the second.
	named.Annotations = map[string]string{"io.containerd.image.name": i.name, "org.opencontainers.image.ref.name": i.name}
	top, err := json.Marshal(index{SchemaVersion: 2, MediaType: typeIndex, Manifests: []descriptor{named}})
	if err != nil {
		return err
	}
	out := &archive{Writer: tar.NewWriter(w), at: i.at}
	out.directory("blobs/", 0o755)
	out.directory("blobs/sha256/", 0o755)
	for _, d := range slices.Sorted(maps.Keys(all)) {
		out.file("blobs/"+strings.Replace(d, ":", "/", 1), 0o644, all[d])
	}
	out.file("index.json", 0o644, top)
	out.file("oci-layout", 0o644, []byte(`{"imageLayoutVersion":"1.0.0"}`))
	return out.Close()
}

// addPlatform adds the image for one platform.
func (i *image) addPlatform(all blobs, on string) (descriptor, error) {
	plain, err := i.layer(on)
	if err != nil {
		return descriptor{}, err
	}
	var packed bytes.Buffer
	gz, err := gzip.NewWriterLevel(&packed, gzip.BestCompression) // its header stays empty: no name, no time
	if err != nil {
		return descriptor{}, err
	}
	if _, err := gz.Write(plain); err != nil {
		return descriptor{}, err
	}
	if err := gz.Close(); err != nil {
		return descriptor{}, err
	}
	labels := map[string]string{"org.opencontainers.image.created": i.at.Format(time.RFC3339), "org.opencontainers.image.version": i.name[strings.LastIndex(i.name, ":")+1:]}
	if i.title != "" {
		labels["org.opencontainers.image.title"] = i.title
	}
	s := settings{Created: i.at, History: []map[string]any{{"created": i.at, "created_by": "scripts/images.sh"}}}
	s.OS, s.Architecture, _ = strings.Cut(on, "/")
	if s.Architecture == "arm64" {
		s.Variant = "v8"
	}
	s.Config.User, s.Config.Entrypoint, s.Config.WorkingDir, s.Config.Labels = user, []string{i.entry}, "/", labels
	s.Config.Env = []string{"PATH=" + path.Dir(i.entry), "HOME=/tmp"}
	s.RootFS.Type, s.RootFS.DiffIDs = "layers", []string{digest(plain)}
	m := manifest{SchemaVersion: 2, MediaType: typeManifest, Layers: []descriptor{all.add(typeLayer, packed.Bytes())}, Annotations: labels}
	if m.Config, err = all.addJSON(typeConfig, s); err != nil {
		return descriptor{}, err
	}
	d, err := all.addJSON(typeManifest, m)
	d.Platform = &platform{Architecture: s.Architecture, OS: s.OS, Variant: s.Variant}
	return d, err
}

// layer is the file system of the image for one platform.
func (i *image) layer(on string) ([]byte, error) {
	var out bytes.Buffer
	fs := &archive{Writer: tar.NewWriter(&out), at: i.at}
	made := map[string]bool{}
	parent := func(p string) {
		for _, dir := range parents(p) {
			if !made[dir] {
				made[dir] = true
				fs.directory(dir, 0o755)
			}
		}
	}
	for _, f := range i.files[on] {
		data, err := os.ReadFile(f.from)
		if err != nil {
			return nil, err
		}
		parent(f.path)
		fs.file(f.path[1:], 0o755, data)
	}
	for _, l := range i.links {
		parent(l.path)
		fs.put(&tar.Header{Typeflag: tar.TypeSymlink, Name: l.path[1:], Linkname: l.to, Mode: 0o777}, nil)
	}
	if i.license != "" {
		data, err := os.ReadFile(i.license)
		if err != nil {
			return nil, err
		}
		parent("/licenses/LICENSE")
		fs.file("licenses/LICENSE", 0o644, data)
	}
	fs.directory("tmp/", 0o1777)
	err := fs.Close() // which writes the end
	return out.Bytes(), err
}

// parents are the directories above a path, the highest first.
func parents(p string) (dirs []string) {
	for dir := path.Dir(p); dir != "/"; dir = path.Dir(dir) {
		dirs = append([]string{dir[1:] + "/"}, dirs...)
	}
	return dirs
}

// archive is a tar file whose entries have one owner and one time. It keeps the first error for Close.
type archive struct {
	*tar.Writer
	at  time.Time
	err error
}

func (a *archive) directory(name string, mode int64) {
	a.put(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode}, nil)
}

func (a *archive) file(name string, mode int64, data []byte) {
	a.put(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(data))}, data)
}

func (a *archive) put(h *tar.Header, data []byte) {
	if a.err != nil {
		return
	}
	h.ModTime, h.Format = a.at, tar.FormatUSTAR
	if a.err = a.WriteHeader(h); a.err == nil {
		_, a.err = a.Write(data)
	}
}

// Close ends the archive.
func (a *archive) Close() error {
	if a.err != nil {
		return a.err
	}
	return a.Writer.Close()
}
