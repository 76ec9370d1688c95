package deploy

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

var update = flag.Bool("update", false, "write what is rendered now into testdata")

// TestObjects pins the controller's documents, its rights above all: whoever widens them sees it here.
func TestObjects(t *testing.T) {
	for name, o := range map[string]Options{
		"cluster":   {Images: Images{Controller: "controller:1"}},
		"namespace": {Scope: Namespace, Namespace: "west", PullPolicy: "IfNotPresent", Images: Images{Controller: "controller:1", Router: "router:1", Adaptor: "adaptor:1"}, Env: map[string]string{"SKUPPER_CLUSTER_HOST": "h"}},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := Objects(o)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			for _, u := range all {
				text, err := yaml.Marshal(u.Object)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "---\n%s", text)
			}
			file := filepath.Join("testdata", name+".yaml")
			if *update {
				if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil || !bytes.Equal(want, b.Bytes()) {
				t.Errorf("differs from %s (%v; -update writes it):\n%s", file, err, b.String())
			}
		})
	}
}

func TestObjectsRefuse(t *testing.T) {
	for want, o := range map[string]Options{
		"needs an image":                       {},
		"needs to know which":                  {Scope: Namespace, Images: Images{Controller: "c"}},
		`is "moon", want cluster or namespace`: {Scope: "moon", Images: Images{Controller: "c"}},
	} {
		if _, err := Objects(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestRules finds no wildcard, and no right to read or change what a controller of sites has nothing to do with.
func TestRules(t *testing.T) {
	for _, r := range Rules() {
		for _, word := range slices.Concat(r.APIGroups, r.Resources, r.Verbs) {
			switch word {
			case "*", "nodes", "namespaces", "pods/exec", "clusterroles", "clusterrolebindings", "escalate", "bind", "impersonate":
				t.Errorf("%v has %s", r, word)
			}
		}
	}
}

func TestDefinitions(t *testing.T) {
	all, err := Definitions()
	if err != nil || len(all) != 12 {
		t.Fatalf("%d definitions, %v; want 12", len(all), err)
	}
	for _, u := range all {
		if u.GetKind() != "CustomResourceDefinition" || !strings.HasSuffix(u.GetName(), ".skupper.io") {
			t.Errorf("%s %s", u.GetKind(), u.GetName())
		}
	}
	if names.Skupper != DefaultNamespace {
		t.Errorf("the default namespace is %s", DefaultNamespace)
	}
}

func TestUsualPull(t *testing.T) {
	for image, want := range map[string]string{
		"a": "Always", "a:latest": "Always", "host:5000/a": "Always", "a:1": "IfNotPresent", "host:5000/b/a:v2-dev": "IfNotPresent",
		"a@sha256:00": "IfNotPresent", "a:latest@sha256:00": "IfNotPresent",
	} {
		if got := usualPull(image); got != want {
			t.Errorf("%s: got %s, want %s", image, got, want)
		}
	}
}
