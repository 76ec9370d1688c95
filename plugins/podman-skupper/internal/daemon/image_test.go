package daemon

import (
	"testing"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
)

// TestKeepImage: a container that another tool made goes on with its image, unless somebody says which, here or when the site was made.
func TestKeepImage(t *testing.T) {
	mine := container.Settings{Endpoint: "unix:///x", Router: container.Embedded}
	for name, tt := range map[string]struct {
		env     map[string]string
		written *container.Settings
		want    string // image that is written down
	}{
		"theirs":           {nil, nil, "r/theirs:2"},
		"environment":      {map[string]string{"SKUPPER_ROUTER_IMAGE": "r/other:1"}, nil, ""},
		"chosen router":    {map[string]string{"SKUPPER_ENGINE": "embedded"}, nil, ""},
		"made by this one": {nil, &mine, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := filestore.Under(t.TempDir()).Namespace("east")
			if err := d.Make(); err != nil {
				t.Fatal(err)
			}
			if err := filestore.MakeDir(d.Internal(), 0o755); err != nil {
				t.Fatal(err)
			}
			if tt.written != nil {
				if err := tt.written.Write(d.Container()); err != nil {
					t.Fatal(err)
				}
			}
			getenv := func(name string) string { return tt.env[name] }
			if err := keepImage(d, engineapi.Podman, "r/theirs:2", getenv); err != nil {
				t.Fatal(err)
			}
			s, _, err := container.ReadSettings(d.Container())
			if err != nil || s.Image != tt.want {
				t.Errorf("image %q, %v; want %q", s.Image, err, tt.want)
			}
			if tt.want != "" && (s.Router != container.FromName || s.Endpoint == "" || s.Pull != container.PullMissing) {
				t.Errorf("settings %+v", s)
			}
		})
	}
}

// TestKeepImageOfNothing: a directory that is being removed does not come back.
func TestKeepImageOfNothing(t *testing.T) {
	d := filestore.Under(t.TempDir()).Namespace("east")
	if err := keepImage(d, engineapi.Podman, "r/theirs:2", func(string) string { return "" }); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := container.ReadSettings(d.Container()); ok || err != nil {
		t.Errorf("it was written: %v", err)
	}
}
