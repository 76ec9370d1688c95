package op

import (
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/manifest"
)

func documents(t *testing.T, text string) []manifest.Document {
	t.Helper()
	docs, err := manifest.Read(strings.NewReader(text), "f.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func doc(kind, name, rest string) string {
	version := v2alpha1.APIVersion
	if kind == "Secret" {
		version = "v1"
	}
	return "---\napiVersion: " + version + "\nkind: " + kind + "\nmetadata:\n  name: " + name + "\n" + rest
}

const (
	aSite = "spec:\n  linkAccess: default\n"
	aLink = "spec:\n  endpoints: [{name: inter-router, host: h, port: \"1\"}]\n  tlsCredentials: s\n"
	aKey  = "type: kubernetes.io/tls\nstringData:\n  tls.key: k\n"
)

func lines(all []Changed) string {
	var out []string
	for _, did := range all {
		out = append(out, did.Kind+" "+did.Name+" "+string(did.Did))
	}
	return strings.Join(out, ", ")
}

// soon is how long tests wait for things to take effect.
func soon() Settle { return Settle{Wait: true, Timeout: 10 * time.Second} }

func applied(docs []manifest.Document) Apply { return Apply{Documents: docs, Settle: soon()} }

func deleted(docs []manifest.Document) DeleteDocuments {
	return DeleteDocuments{Documents: docs, Gone: soon()}
}

func TestApply(t *testing.T) {
	m, sys := newMemory(), &fakeSystem{}
	p := Ports{Store: m, System: sys}
	all := applied(documents(t, doc("Link", "l", aLink)+doc("Site", "west", aSite)+doc("Secret", "s", aKey)+doc("AccessGrant", "g", "spec:\n  redemptionsAllowed: 2\n")))
	if err := all.Check(); err != nil {
		t.Fatal(err)
	}
	did, err := all.Run(t.Context(), p, nil)
	if err != nil || lines(did) != "Secret s created, Site west created, AccessGrant g created, Link l created" || sys.wakes != 1 {
		t.Errorf("%s, %v, %d", lines(did), err, sys.wakes)
	}
	if s := must[*v2alpha1.Secret](t, m, "s"); string(s.Data["tls.key"]) != "k" || s.StringData != nil {
		t.Errorf("secret %+v", s.Data)
	}
	did, err = applied(documents(t, doc("Link", "l", aLink)+doc("Site", "west", aSite)+doc("Secret", "s", aKey))).Run(t.Context(), p, nil)
	if err != nil || lines(did) != "Secret s unchanged, Site west unchanged, Link l unchanged" {
		t.Errorf("again: %s, %v", lines(did), err)
	}
	did, err = applied(documents(t, doc("Site", "west", "  labels: {a: b}\nspec:\n  ha: true\n"))).Run(t.Context(), p, nil)
	s := must[*v2alpha1.Site](t, m, "west")
	if err != nil || lines(did) != "Site west updated" || !s.Spec.HA || s.Spec.LinkAccess != "" || s.Labels["a"] != "b" {
		t.Errorf("changed: %s, %v, %+v", lines(did), err, s)
	}
}

func TestApplyRefusesAllForOneThatIsWrong(t *testing.T) {
	for _, tc := range []struct {
		name, text, want string
	}{
		{"bad-spec", doc("Site", "west", aSite) + doc("Listener", "a", "spec: {routingKey: k, host: h, port: 70000}\n"), "f.yaml:9: Listener a: spec.port is 70000, want 1 to 65535"},
		{"twice", doc("Site", "west", aSite) + doc("Site", "west", aSite), "f.yaml:9: Site west is given again, first at f.yaml:2"},
		{"cluster-only", doc("AttachedConnector", "a", "spec: {siteNamespace: n, selector: a=b, port: 1}\n"), "f.yaml:2: kind AttachedConnector means nothing on a local site"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := applied(documents(t, tc.text)).Check(); err == nil || err.Error() != tc.want {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
	for _, tc := range []struct {
		name, text string
		kind       fault.Kind
		want       string
	}{
		{"second-site", doc("Listener", "a", "spec: {routingKey: k, host: h, port: 1}\n") + doc("Site", "east", aSite), fault.Conflict, "namespace default can have one site, and would have east and west"},
		{"two-sites", doc("Site", "east", aSite) + doc("Site", "north", aSite), fault.Conflict, "and would have east and north and west"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := newMemory(west())
			_, err := applied(documents(t, tc.text)).Run(t.Context(), Ports{Store: m}, nil)
			wantKind(t, err, tc.kind, tc.want)
			if m.names() != "Site/west" {
				t.Errorf("left %s", m.names())
			}
		})
	}
}

func TestApplyGoesOnAfterAFailure(t *testing.T) {
	immutable := &v2alpha1.Secret{ObjectMeta: named("s"), Immutable: ptr(true), Data: map[string][]byte{"tls.key": []byte("old")}}
	did, err := applied(documents(t, doc("Secret", "s", aKey)+doc("Link", "l", aLink))).Run(t.Context(), Ports{Store: newMemory(immutable)}, nil)
	wantKind(t, err, fault.Conflict, "f.yaml:2: apply Secret s: update secret s: secret s is immutable")
	if lines(did) != "Link l created" {
		t.Errorf("did %s", lines(did))
	}
}

func TestDeleteDocuments(t *testing.T) {
	m := newMemory(west(), &v2alpha1.Link{ObjectMeta: named("l")})
	c := deleted(documents(t, doc("Site", "west", aSite)+doc("Link", "gone", aLink)+doc("Link", "l", aLink)))
	did, err := c.Run(t.Context(), Ports{Store: m}, nil)
	wantKind(t, err, fault.Missing, `there is no link "gone" in namespace default`)
	if lines(did) != "Link l deleted, Site west deleted" || m.names() != "" {
		t.Errorf("did %s, left %s", lines(did), m.names())
	}
}

func TestApplyTakesForeignDocuments(t *testing.T) {
	m := newMemory()
	docs := documents(t, doc("Listener", "a", "  namespace: other\nspec: {routingKey: k, host: h, port: 1}\n"))
	did, err := applied(docs).Run(t.Context(), Ports{Store: m}, nil)
	if err != nil || strings.Join(did[0].Notes, "") != "f.yaml:2: Listener a names namespace other, and is taken for default" {
		t.Errorf("%+v, %v", did, err)
	}
	if o := must[*v2alpha1.Listener](t, m, "a"); o.Namespace != "default" {
		t.Errorf("it is in namespace %q", o.Namespace)
	}
	if did, err = deleted(docs).Run(t.Context(), Ports{Store: m}, nil); err != nil || len(did[0].Notes) != 1 || m.names() != "" {
		t.Errorf("%+v, %v", did, err)
	}
}
