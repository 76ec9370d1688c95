package deploy

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

const secrets = "skupper.io_secrets.yaml" // what the generator makes of a type that is not ours to define

// TestGenerated makes the definitions anew and finds nothing changed.
func TestGenerated(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("SKIPPED, NOTHING WAS TESTED: the generator is called by a bash script, and there is no bash")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute) // it may have to be built
	defer cancel()
	dir := t.TempDir()
	cmd := exec.CommandContext(ctx, "../../../scripts/tool.sh", "controller-gen", "crd", "paths=../../../shared/api/v2alpha1", "output:crd:dir="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	made, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range made {
		if e.Name() == secrets {
			continue
		}
		names = append(names, e.Name())
		want, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := CRDs.ReadFile("crds/" + e.Name()); err != nil || !bytes.Equal(got, want) {
			t.Errorf("crds/%s is not what the types say (%v); next: go generate ./deploy", e.Name(), err)
		}
	}
	if kept := kept(t); !slices.Equal(kept, names) {
		t.Errorf("crds has %v, the types make %v; next: go generate ./deploy", kept, names)
	}
}

func kept(t *testing.T) []string {
	t.Helper()
	entries, err := CRDs.ReadDir("crds")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// definition is what others rely on of a CustomResourceDefinition.
type definition struct {
	Metadata struct{ Name string }
	Spec     struct {
		Group, Scope string
		Names        struct {
			Kind, Plural string
			ShortNames   []string
		}
		Versions []struct {
			Name            string
			Served, Storage bool
			Subresources    map[string]any
			Columns         []struct{ Name string } `json:"additionalPrinterColumns"`
			Schema          struct {
				OpenAPIV3Schema struct {
					Properties map[string]struct{ Required []string }
				}
			}
		}
	}
}

// TestContract holds the definitions to what every implementation of the resources has.
func TestContract(t *testing.T) {
	required := map[string][]string{
		v2alpha1.KindSite: nil, v2alpha1.KindAccessGrant: nil,
		v2alpha1.KindListener:                 {"host", "port", "routingKey"},
		v2alpha1.KindMultiKeyListener:         {"host", "port", "strategy"},
		v2alpha1.KindConnector:                {"port", "routingKey"},
		v2alpha1.KindAttachedConnector:        {"port", "selector", "siteNamespace"},
		v2alpha1.KindAttachedConnectorBinding: {"connectorNamespace", "routingKey"},
		v2alpha1.KindLink:                     {"endpoints"},
		v2alpha1.KindAccessToken:              {"ca", "code", "url"},
		v2alpha1.KindRouterAccess:             {"roles", "tlsCredentials"},
		v2alpha1.KindSecuredAccess:            {"ports", "selector"},
		v2alpha1.KindCertificate:              {"ca", "subject"},
	}
	for _, kind := range v2alpha1.Kinds() {
		t.Run(kind.Kind, func(t *testing.T) {
			text, err := CRDs.ReadFile("crds/skupper.io_" + kind.Plural + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			var d definition
			if err := yaml.Unmarshal(text, &d); err != nil {
				t.Fatal(err)
			}
			s := d.Spec
			if d.Metadata.Name != kind.Plural+"."+v2alpha1.Group || s.Group != v2alpha1.Group || s.Scope != "Namespaced" || s.Names.Kind != kind.Kind ||
				s.Names.Plural != kind.Plural || !slices.Equal(s.Names.ShortNames, kind.ShortNames) {
				t.Errorf("%s is %+v", d.Metadata.Name, s.Names)
			}
			if len(s.Versions) != 1 {
				t.Fatalf("there are %d versions", len(s.Versions))
			}
			v := s.Versions[0]
			if v.Name != v2alpha1.Version || !v.Served || !v.Storage || v.Subresources["status"] == nil || len(v.Columns) == 0 {
				t.Errorf("version %s: served %v, stored %v, subresources %v, columns %v", v.Name, v.Served, v.Storage, v.Subresources, v.Columns)
			}
			got := slices.Sorted(slices.Values(v.Schema.OpenAPIV3Schema.Properties["spec"].Required))
			want, known := required[kind.Kind]
			if !known || !slices.Equal(got, want) {
				t.Errorf("required in the spec is %v, want %v", got, want)
			}
		})
	}
}
