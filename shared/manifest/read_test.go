package manifest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

const listener = `apiVersion: skupper.io/v2alpha1
kind: Listener
metadata:
  name: backend
spec:
  routingKey: backend
  host: backend
  port: 8080
`

func TestReadKinds(t *testing.T) {
	in := `# a comment
---
apiVersion: v1
data: {ca.crt: Y2E=, tls.crt: Y3J0, tls.key: a2V5}
kind: Secret
metadata: {creationTimestamp: null, name: tok}
type: kubernetes.io/tls
---
---
apiVersion: skupper.io/v2alpha1
kind: Link
metadata: {creationTimestamp: null, name: tok}
spec:
  endpoints:
  - {group: skupper-router, host: 10.0.0.1, name: inter-router, port: "55671"}
  tlsCredentials: tok
status: {}
`
	docs, err := Read(strings.NewReader(in), "tok.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(docs) != 2 {
		t.Fatalf("read %d documents, want 2", len(docs))
	}
	s, ok := docs[0].Object.(*v2alpha1.Secret)
	if !ok || string(s.Data["ca.crt"]) != "ca" || s.Type != v2alpha1.SecretTypeTLS || docs[0].Line != 3 {
		t.Errorf("got %+v", docs[0])
	}
	l, ok := docs[1].Object.(*v2alpha1.Link)
	if !ok || l.Spec.Endpoints[0].Port != "55671" || l.Kind != "Link" || docs[1].Where() != "tok.yaml:10" {
		t.Errorf("got %+v", docs[1])
	}
}

func TestReadFormats(t *testing.T) {
	obj := `{"apiVersion":"skupper.io/v2alpha1","kind":"Site","metadata":{"name":%q}}`
	a, b := fmt.Sprintf(obj, "a"), fmt.Sprintf(obj, "b")
	for name, in := range map[string]string{
		"json-concatenated": a + b,
		"json-lines":        a + "\n" + b + "\n",
		"json-array":        "[" + a + ", " + b + "]",
		"json-list":         `{"apiVersion":"v1","kind":"List","items":[` + a + "," + b + "]}",
		"json-tabs":         "{\t\"apiVersion\":\t\"skupper.io/v2alpha1\",\n\t\"kind\":\"SiteList\",\"items\":[" + a + "," + b + "]}",
		"yaml-flow":         "{apiVersion: skupper.io/v2alpha1, kind: Site, metadata: {name: a}}\n---\n" + b,
		"yaml-of-json":      a + "\n---\n" + b,
		"bom":               "\ufeffapiVersion: skupper.io/v2alpha1\nkind: Site\nmetadata: {name: a}\n---\n" + b,
		"anchors":           "apiVersion: &v skupper.io/v2alpha1\nkind: Site\nmetadata: {name: a, labels: {x: *v}}\n---\n" + b,
	} {
		t.Run(name, func(t *testing.T) {
			docs, err := Read(strings.NewReader(in), "f")
			if err != nil {
				t.Fatal(err)
			}
			if len(docs) != 2 || docs[0].Name != "a" || docs[1].Name != "b" {
				t.Errorf("got %+v", docs)
			}
		})
	}
	for _, in := range []string{"", "\n", "---\n", "# nothing\n", "[]", "null"} {
		if docs, err := Read(strings.NewReader(in), "f"); err != nil || len(docs) != 0 {
			t.Errorf("%q: got %v, %v; want nothing", in, docs, err)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	with := func(old, new string) string { return strings.Replace(listener, old, new, 1) }
	for name, tc := range map[string]struct{ in, want string }{
		"unknown-field":   {with("port: 8080", "port: 8080\n  colour: red"), `f.yaml:9: Listener backend: unknown field "spec.colour"`},
		"wrong-case":      {with("routingKey", "routingkey"), `f.yaml:6: Listener backend: unknown field "spec.routingkey", do you mean "routingKey"?`},
		"text-for-number": {with("8080", `"8080"`), `f.yaml:8: Listener backend: spec.port is the text "8080", want a number`},
		"number-for-text": {with("host: backend", "host: 12"), `f.yaml:7: Listener backend: spec.host is 12, want text: put it in quotes`},
		"fraction":        {with("8080", "80.5"), `spec.port is 80.5, want a whole number`},
		"huge":            {with("8080", "99999999999999999999"), `spec.port is 1e+20, want a whole number`},
		"map-for-text":    {with("host: backend", "host: {a: b}"), `spec.host is a map, want text`},
		"repeated":        {with("host: backend", "host: backend\n  host: other"), `f.yaml:8: key "host" is repeated`},
		"no-name":         {with("  name: backend\n", "  labels: {}\n"), `f.yaml:1: Listener: metadata.name is required`},
		"no-kind":         {"a: b\n", "f.yaml:1: apiVersion and kind are required"},
		"other-kind":      {with("kind: Listener", "kind: Pod"), `f.yaml:1: unknown kind "Pod" of "skupper.io/v2alpha1"`},
		"other-version":   {with("v2alpha1", "v1"), `unknown kind "Listener" of "skupper.io/v1", want Listener of skupper.io/v2alpha1`},
		"lower-case-kind": {with("kind: Listener", "kind: listener"), `want Listener of skupper.io/v2alpha1`},
		"scalar":          {"hello", "f.yaml:1: the document is text, want a resource"},
		"syntax":          {"a: b\nc: [\n", "f.yaml:"},
		"json-syntax":     {"{\n\"a\": \"b\",\n", "f.yaml:"},
		"merge-key":       {"x: &x {a: b}\ny:\n  <<: *x\n", "f.yaml:3: merge keys"},
		"bad-base64":      {"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  k: '!!'\n", "f.yaml:5: Secret s: data.k is not base64"},
		"bad-time":        {with("name: backend", "name: backend\n  creationTimestamp: today"), "f.yaml:5: Listener backend: metadata.creationTimestamp"},
	} {
		t.Run(name, func(t *testing.T) {
			docs, err := Read(strings.NewReader(tc.in), "f.yaml")
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, %v; want an error with %q", docs, err, tc.want)
			}
			if !fault.Is(err, fault.Usage) {
				t.Errorf("got kind %v, want usage", fault.KindOf(err))
			}
		})
	}
}

func TestReadTellsEverything(t *testing.T) {
	in := strings.Replace(listener, "port: 8080", "port: x\n  a: 1\n  b: 2", 1) + "---\n" + "kind: Site\n"
	_, err := Read(strings.NewReader(in), "f")
	for _, want := range []string{"f:8:", "f:9:", "f:10:", "f:12: apiVersion and kind"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

func TestOptions(t *testing.T) {
	in := strings.Replace(listener, "port: 8080", "port: 8080\n  colour: red", 1) + "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n"
	docs, err := Options{UnknownFields: true, UnknownKinds: Keep}.Read(strings.NewReader(in), "f")
	if err != nil || len(docs) != 2 || docs[1].Object != nil || docs[1].Name != "d" {
		t.Fatalf("got %+v, %v", docs, err)
	}
	if !bytes.Contains(docs[0].JSON, []byte(`"colour":"red"`)) {
		t.Errorf("unknown field is lost: %s", docs[0].JSON)
	}
	docs, err = Options{UnknownFields: true, UnknownKinds: Ignore}.Read(strings.NewReader(in), "f")
	if err != nil || len(docs) != 1 {
		t.Fatalf("got %+v, %v", docs, err)
	}
}

func TestBounds(t *testing.T) {
	pad := func(n int) string { return listener + "#" + strings.Repeat("x", n-len(listener)-1) }
	for _, tc := range []struct {
		size int
		ok   bool
	}{{511, true}, {512, true}, {513, false}} {
		_, err := Options{MaxSize: 512}.Read(strings.NewReader(pad(tc.size)), "f")
		if (err == nil) != tc.ok {
			t.Errorf("%d octets: %v", tc.size, err)
		}
	}
	site := "apiVersion: skupper.io/v2alpha1\nkind: Site\nmetadata: {name: a}\n---\n"
	for n, ok := range map[int]bool{MaxDocuments: true, MaxDocuments + 1: false} {
		if _, err := Read(strings.NewReader(strings.Repeat(site, n)), "f"); (err == nil) != ok {
			t.Errorf("%d documents: %v", n, err)
		}
	}
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for n, ok := range map[int]bool{MaxDepth: true, MaxDepth + 5: false} {
		for _, in := range []string{"a: " + deep(n), `{"a": ` + deep(n) + "}"} {
			_, err := parse([]byte(in))
			if (err == nil) != ok {
				t.Errorf("depth %d: %v", n, err)
			}
		}
	}
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	if _, err := parse([]byte(bomb.String())); err == nil {
		t.Error("aliases of aliases were written out")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(listener))
	f.Add([]byte("apiVersion: skupper.io/v2alpha1\nkind: Site\nmetadata: {name: a}\nspec: {settings: {a: null}}\n"))
	f.Add([]byte(`[{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"stringData":{"a":"b"}}]`))
	f.Fuzz(func(t *testing.T, in []byte) {
		docs, err := Options{MaxSize: 64 << 10}.Read(bytes.NewReader(in), "f")
		if err != nil {
			return
		}
		for _, d := range docs {
			// What was read can be written and read again as the same.
			out, err := YAML(d.Object)
			if err != nil {
				t.Fatal(err)
			}
			again, err := Read(bytes.NewReader(out), "again")
			if err != nil || len(again) != 1 {
				t.Fatalf("cannot read back: %v\n%s", err, out)
			}
			if !Equal(d.Object, again[0].Object) {
				t.Fatalf("differs after writing:\n%s", out)
			}
			patched, err := Patch(d.JSON, d.Object, d.Object)
			if err != nil {
				t.Fatal(err)
			}
			if again, err = Read(bytes.NewReader(patched), "patched"); err != nil || len(again) != 1 || !Equal(d.Object, again[0].Object) {
				t.Fatalf("differs after an empty patch: %v\n%s", err, patched)
			}
		}
	})
}
