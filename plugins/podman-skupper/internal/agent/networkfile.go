package agent

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/router/network"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// networkFile is where other tools look for what the network consists of; it is there while the router is up.
const networkFile = "ConfigMap-skupper-network-status.yaml"

// saveNetwork writes what is known of the network; with nil the file goes away.
func (n *namespace) saveNetwork(status *network.Status) error {
	path := filepath.Join(n.dir.RuntimeResources(), networkFile)
	if status == nil {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap(fault.Failed, "remove the network status", err, "")
		}
		return nil
	}
	text, err := json.Marshal(status)
	if err != nil {
		return err
	}
	doc, err := yaml.Marshal(map[string]any{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata":   map[string]string{"name": "skupper-network-status", "namespace": n.name},
		"data":       map[string]string{"NetworkStatus": string(text)},
	})
	if err != nil {
		return err
	}
	_, err = atomicfile.WriteChanged(path, 0o644, doc)
	return err
}
