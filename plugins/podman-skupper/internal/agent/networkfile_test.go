package agent

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

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

// Who lists the directory when the router was ended finds what was listed; the file goes away with time, or when the site is stopped.
func TestNetworkFileStays(t *testing.T) {
	n := &namespace{name: "ns", dir: filestore.Under(t.TempDir()).Namespace("ns")}
	if err := n.dir.Make(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(n.dir.RuntimeResources(), networkFile)
	some, at := &network.Status{}, time.Unix(1000, 0)
	for i, step := range []struct {
		status  *network.Status
		stopped bool
		after   time.Duration // since the first
		there   bool
		fades   time.Duration // since the first; 0: never
	}{
		{some, false, 0, true, 0},
		{nil, false, time.Second, true, time.Second + networkStays},
		{nil, false, networkStays, true, time.Second + networkStays},
		{some, false, networkStays, true, 0},
		{nil, false, 2 * networkStays, true, 3 * networkStays},
		{nil, false, 3 * networkStays, false, 0},
		{some, false, 4 * networkStays, true, 0},
		{nil, true, 4 * networkStays, false, 0},
	} {
		if err := n.showNetwork(step.status, step.stopped, at.Add(step.after)); err != nil {
			t.Fatal(err)
		}
		want := time.Time{}
		if step.fades != 0 {
			want = at.Add(step.fades)
		}
		if exists(path) != step.there || !n.fades().Equal(want) {
			t.Errorf("step %d: there %v, fades at %v; want %v, %v", i, exists(path), n.fades(), step.there, want)
		}
	}
}
