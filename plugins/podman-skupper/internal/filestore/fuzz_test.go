package filestore

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// FuzzFile reads any file as input: it must not panic, nor lose or change a document that is not touched.
func FuzzFile(f *testing.F) {
	f.Add([]byte(listenerA))
	f.Add([]byte("---\n" + listenerA + "---\r\n# nothing\n--- # two\n" + listenerA))
	f.Add([]byte("kind: List\napiVersion: v1\nitems: [{kind: Site, apiVersion: skupper.io/v2alpha1, metadata: {name: a}}]\n"))
	f.Add([]byte("--- |\n text\n...\n---\n\xff\xfe"))
	f.Add([]byte("a: &x [*x]\n---"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte) {
		docs := split(content)
		var parts [][]byte
		for i := range docs {
			parts = append(parts, docs[i].text)
		}
		again := split(join(parts))
		if len(again) != len(docs) {
			t.Fatalf("%d documents, then %d", len(docs), len(again))
		}
		for i := range docs {
			if !bytes.Equal(bytes.TrimSuffix(docs[i].text, []byte("\n")), bytes.TrimSuffix(again[i].text, []byte("\n"))) {
				t.Fatalf("document %d: %q, then %q", i, docs[i].text, again[i].text)
			}
		}
		path := filepath.Join(dir, "x.yaml")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := load(dir, "", "west")
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(content, []byte("\n")) + bytes.Count(content, []byte("\r")) + 1 // YAML takes each for a break
		for _, bad := range in.Faults {
			if bad.Line < 0 || bad.Line > lines {
				t.Errorf("line %d of %d: %v", bad.Line, lines, bad)
			}
		}
		for _, o := range in.Objects {
			if checkName(o.GetName()) != nil || v2alpha1.KindOf(o) == "" {
				t.Errorf("accepted %s %q", v2alpha1.KindOf(o), o.GetName())
			}
		}
	})
}
