package container

import (
	"context"
	"io"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
)

// API is what is needed of an engine: see engineapi.Client, which says what each does. Errors are faults.
type API interface {
	Image(ctx context.Context, ref string) (engineapi.Image, error)
	Pull(ctx context.Context, ref string, auth engineapi.Credentials, say func(string)) error
	Import(ctx context.Context, ref string, changes []string, tar io.Reader) error
	RemoveImage(ctx context.Context, ref string) error
	Inspect(ctx context.Context, name string) (engineapi.Container, error)
	Labelled(ctx context.Context, labels map[string]string) ([]string, error)
	Run(ctx context.Context, s engineapi.Spec) error
	Remove(ctx context.Context, name string, grace time.Duration) error
	Logs(ctx context.Context, name string, lines int) ([]string, error)
}

var _ API = (*engineapi.Client)(nil)

// Credentials finds what a registry wants for an image.
type Credentials func(ref string) engineapi.Credentials
