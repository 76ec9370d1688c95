package agent

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/router/network"
)

func TestSaveNetwork(t *testing.T) {
	n := &namespace{name: "ns", dir: filestore.Under(t.TempDir()).Namespace("ns")}
	if err := n.dir.Make(); err != nil {
		t.Fatal(err)
	}
	if err := n.saveNetwork(nil); err != nil {
		t.Errorf("nothing to remove: %v", err)
	}
	want := network.Status{Addresses: []network.Address{{Name: "a: 'b'", ListenerCount: 1}}, Sites: []network.Site{{Info: network.SiteInfo{ID: "s"}, Routers: []network.Router{}}}}
	if err := n.saveNetwork(&want); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(n.dir.RuntimeResources(), "ConfigMap-skupper-network-status.yaml")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		APIVersion, Kind string
		Metadata         struct{ Name, Namespace string }
		Data             map[string]string
	}
	if err := yaml.UnmarshalStrict(b, &doc); err != nil {
		t.Fatal(err)
	}
	var got network.Status
	if err := json.Unmarshal([]byte(doc.Data["NetworkStatus"]), &got); err != nil || !reflect.DeepEqual(got, want) || len(doc.Data) != 1 {
		t.Errorf("got %v, %v", doc.Data, err)
	}
	if doc.APIVersion != "v1" || doc.Kind != "ConfigMap" || doc.Metadata.Name != "skupper-network-status" || doc.Metadata.Namespace != "ns" {
		t.Errorf("got %+v", doc)
	}
	if err := n.saveNetwork(nil); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
}
