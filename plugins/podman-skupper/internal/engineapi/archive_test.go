package engineapi

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/shared/fault"
)

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestArchive(t *testing.T) {
	for platform, save := range map[string]string{Podman: "GET /v4.0.0/libpod/images/export", Docker: "GET /v1.41/images/get"} {
		load := map[string]string{Podman: "POST /v4.0.0/libpod/images/load", Docker: "POST /v1.41/images/load"}[platform]
		loaded := map[string]string{Podman: `{"Names":["r/a:1","r/b:2"]}`, Docker: "{\"stream\":\"Loaded image: r/a:1\\n\"}{\"stream\":\"Loaded image: r/b:2\\n\"}"}[platform]
		e := &engine{header: podman, answers: map[string]string{save: "200 the archive", load: "200 " + loaded}}
		c := open(t, platform, e)
		var got bytes.Buffer
		if err := c.Save(t.Context(), "r/a:1", &got); err != nil || got.String() != "the archive" || !strings.Contains(e.asked[0], "r%2Fa%3A1") {
			t.Errorf("%s: saved %q, %v; asked %q", platform, &got, err, e.asked)
		}
		if err := c.Save(t.Context(), "r/a:1", full{}); err == nil || err.Error() != "no room" {
			t.Errorf("%s: on a full disk: %v", platform, err)
		}
		if names, err := c.Load(t.Context(), strings.NewReader("x")); err != nil || strings.Join(names, " ") != "r/a:1 r/b:2" {
			t.Errorf("%s: loaded %q, %v", platform, names, err)
		}
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write([]byte("the archive")); errors.Join(err, z.Close()) != nil {
			t.Fatal(err)
		}
		if _, err := c.Load(t.Context(), &packed); err != nil || !strings.HasSuffix(e.asked[len(e.asked)-1], " the archive") {
			t.Errorf("%s: of a packed archive the engine got %q, %v", platform, e.asked[len(e.asked)-1], err)
		}
		e.answers[load] = `200 {"error":"no archive"}`
		if _, err := c.Load(t.Context(), strings.NewReader("x")); !fault.Is(err, fault.Engine) || !strings.Contains(err.Error(), platform+" says: no archive") {
			t.Errorf("%s: got %v", platform, err)
		}
		e.answers = nil
		if err := c.Save(t.Context(), "r/a:1", &got); !fault.Is(err, fault.Missing) || !strings.Contains(err.Error(), "save image r/a:1") {
			t.Errorf("%s: of none: %v", platform, err)
		}
	}
}
