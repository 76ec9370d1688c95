package engineapi

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
)

// silent is an engine that says no more than text to what is asked at path, and does not end that.
type silent struct{ path, text string }

func (s silent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // else nothing tells when the client has gone
	if r.URL.Path != "/_ping" || s.path == "/_ping" {
		if s.text != "" {
			_, _ = w.Write([]byte(s.text))
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
		return
	}
	w.Header().Set("Libpod-Api-Version", "5.0.0")
}

// An engine that stops answering, wherever, holds nobody for ever who has no deadline himself.
func TestSilent(t *testing.T) {
	short := waits{greet: 5 * time.Second, ask: 50 * time.Millisecond, work: 50 * time.Millisecond, stall: 50 * time.Millisecond}
	for _, text := range []string{"", " "} {
		greet := short
		greet.greet = 50 * time.Millisecond
		if _, err := greet.open(t.Context(), Podman, serve(t, silent{"/_ping", text})); err == nil || text == "" && !fault.Is(err, fault.Late) {
			t.Errorf("%q: greeted: %v", text, err)
		}
		c, err := short.open(t.Context(), Podman, serve(t, silent{"", text}))
		if err != nil {
			t.Fatal(err)
		}
		_, inspected := c.Inspect(t.Context(), "c")
		_, found := c.Image(t.Context(), "i")
		_, listed := c.Labelled(t.Context(), nil)
		for what, err := range map[string]error{"inspect": inspected, "image": found, "list": listed, "pull": c.Pull(t.Context(), "r/i", Credentials{}, nil),
			"import": c.Import(t.Context(), "r/i", nil, strings.NewReader("")), "run": c.Run(t.Context(), Spec{Name: "c"}), "remove": c.Remove(t.Context(), "c", 0)} {
			if text != "" && (what == "run" || what == "remove") { // it has said that it is done, and that is all there is to know
				continue
			}
			if !fault.Is(err, fault.Late) || fault.Hint(err) == "" {
				t.Errorf("%q: %s: %v, hint %q", text, what, err, fault.Hint(err))
			}
		}
	}
}
