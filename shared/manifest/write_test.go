package manifest

import (
	"bytes"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

func TestWrite(t *testing.T) {
	tok := &v2alpha1.AccessToken{ObjectMeta: metav1.ObjectMeta{Name: "west-1"},
		Spec: v2alpha1.AccessTokenSpec{URL: "https://h:9090/u", Code: "abc", CA: "-----BEGIN\nX\n", LinkCost: 1}}
	ca := &v2alpha1.Certificate{ObjectMeta: metav1.ObjectMeta{Name: "ca", Labels: map[string]string{"x": ""}},
		Spec: v2alpha1.CertificateSpec{Subject: "ca", Signing: true}}
	var b bytes.Buffer
	if err := Write(&b, tok, ca); err != nil {
		t.Fatal(err)
	}
	want := `apiVersion: skupper.io/v2alpha1
kind: AccessToken
metadata:
  name: west-1
spec:
  ca: |
    -----BEGIN
    X
  code: abc
  linkCost: 1
  url: https://h:9090/u
---
apiVersion: skupper.io/v2alpha1
kind: Certificate
metadata:
  labels:
    x: ""
  name: ca
spec:
  ca: ""
  signing: true
  subject: ca
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
	if tok.Kind != "" {
		t.Error("the object was changed")
	}
}

func TestWriteJSON(t *testing.T) {
	a := &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: "a"}}
	for n, want := range map[int]string{0: `"items": []`, 1: `"kind": "Site"`, 2: `"kind": "List"`} {
		var b bytes.Buffer
		objs := []v2alpha1.Object{a, a}[:n]
		if err := WriteJSON(&b, objs...); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("%d objects: %q is not in %s", n, want, b.String())
		}
		if docs, err := Read(&b, "f"); err != nil || len(docs) != n {
			t.Errorf("%d objects: read back %d, %v", n, len(docs), err)
		}
	}
}

func TestPatchKeepsUnknownFields(t *testing.T) {
	doc := `apiVersion: skupper.io/v2alpha1
kind: Link
metadata:
  name: l
  labels: {keep: me, drop: me}
  future: 1
spec:
  cost: 1
  colour: red
  endpoints:
  - {name: edge, host: h, port: "1", weight: 5}
  - {name: inter-router, host: h, port: "2", weight: 6}
novel: {a: [1, 2.5]}
`
	docs, err := Options{UnknownFields: true}.Read(strings.NewReader(doc), "f")
	if err != nil {
		t.Fatal(err)
	}
	before := docs[0].Object.(*v2alpha1.Link)
	after := before.DeepCopy()
	after.Spec.Cost = 7
	after.Spec.TLSCredentials = "t"
	delete(after.Labels, "drop")
	after.Spec.Endpoints[1].Port = "3"
	out, err := Patch([]byte(doc), before, after)
	if err != nil {
		t.Fatal(err)
	}
	want := `apiVersion: skupper.io/v2alpha1
kind: Link
metadata:
  future: 1
  labels:
    keep: me
  name: l
novel:
  a:
  - 1
  - 2.5
spec:
  colour: red
  cost: 7
  endpoints:
  - host: h
    name: edge
    port: "1"
    weight: 5
  - host: h
    name: inter-router
    port: "3"
  tlsCredentials: t
`
	if string(out) != want {
		t.Errorf("got:\n%s\nwant:\n%s", out, want)
	}
}

func TestPatchSecret(t *testing.T) {
	doc := "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: YQ==}\nstringData: {b: bee}\n"
	docs, err := Read(strings.NewReader(doc), "f")
	if err != nil {
		t.Fatal(err)
	}
	before := docs[0].Object.(*v2alpha1.Secret)
	after := before.DeepCopy()
	after.Data["c"] = []byte("sea")
	delete(after.Data, "a")
	out, err := Patch([]byte(doc), before, after)
	if err != nil {
		t.Fatal(err)
	}
	docs, err = Read(bytes.NewReader(out), "f")
	if err != nil {
		t.Fatal(err)
	}
	if got := docs[0].Object.(*v2alpha1.Secret).Data; len(got) != 2 || string(got["b"]) != "bee" || string(got["c"]) != "sea" {
		t.Errorf("got %s", out)
	}
}
