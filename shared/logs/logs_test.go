package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
)

func TestJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		log, err := New(&b, JSON, "info")
		if err != nil {
			t.Fatal(err)
		}
		log.Debug().Msg("hidden")
		log.Warn().Str(Link, "west").Err(errors.New("refused")).Msg("link is down")
		var got map[string]string
		if err := json.Unmarshal(b.Bytes(), &got); err != nil {
			t.Fatalf("not one line of JSON: %v\n%s", err, b.String())
		}
		for k, want := range map[string]string{"level": "warn", "time": "2000-01-01T00:00:00.000Z", Link: "west", "error": "refused", "message": "link is down"} {
			if got[k] != want {
				t.Errorf("%s is %q, want %q", k, got[k], want)
			}
		}
	})
}

func TestText(t *testing.T) {
	var b bytes.Buffer
	log, err := New(&b, Text, "")
	if err != nil {
		t.Fatal(err)
	}
	log.Info().Str(Site, "east").Msg("site started")
	if got := b.String(); !strings.Contains(got, "INF site started site=east\n") || strings.Contains(got, "\x1b") {
		t.Errorf("got %q", got)
	}
}

func TestChoices(t *testing.T) {
	for _, l := range append(Levels(), "") {
		if _, err := New(&bytes.Buffer{}, "", l); err != nil {
			t.Errorf("level %q: %v", l, err)
		}
	}
	for _, bad := range []string{"INFO", "loud", "fatal"} {
		if _, err := New(&bytes.Buffer{}, JSON, bad); err == nil {
			t.Errorf("level %q is accepted", bad)
		}
	}
	if _, err := New(&bytes.Buffer{}, "xml", "info"); err == nil {
		t.Error("format xml is accepted")
	}
	var b bytes.Buffer
	off, err := New(&b, JSON, "off")
	if err != nil {
		t.Fatal(err)
	}
	off.Error().Msg("x")
	nop := Off()
	nop.Error().Msg("x")
	if b.Len() != 0 {
		t.Errorf("wrote %q", b.String())
	}
}

// TestFieldNames keeps the table in one spelling, each name once.
func TestFieldNames(t *testing.T) {
	src, err := os.ReadFile("logs.go")
	if err != nil {
		t.Fatal(err)
	}
	block, _, _ := strings.Cut(string(src), "\n)\n\n// Format is")
	_, block, _ = strings.Cut(block, "// Names of fields.")
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\t\w+ += "(.*)" +// .`).FindAllStringSubmatch(block, -1) {
		if seen[m[1]] || !regexp.MustCompile(`^[a-z][a-zA-Z]*$`).MatchString(m[1]) {
			t.Errorf("field %q is there twice or not in camel case", m[1])
		}
		seen[m[1]] = true
	}
	if lines := strings.Count(block, "= \""); len(seen) != lines || lines < 20 {
		t.Errorf("%d good names of %d", len(seen), lines)
	}
}
