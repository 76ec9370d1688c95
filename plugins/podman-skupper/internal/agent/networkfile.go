package agent

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/router/network"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// networkFile is where other tools look for what the network consists of; it is there while the router is up.
const networkFile = "ConfigMap-skupper-network-status.yaml"

// networkStays is how long the file stays when the router is lost.
const networkStays = 10 * time.Second

// showNetwork keeps the file as it is to be. A router that is lost comes back as a rule, and other tools, which list the directory
// before they read it, do so just when they have ended a router: the file goes away a while later, and at once with a site that was
// stopped.
func (n *namespace) showNetwork(status *network.Status, stopped bool, now time.Time) error {
	switch lost := now.Sub(n.lost); {
	case status != nil || stopped:
		n.lost = time.Time{}
	case n.lost.IsZero():
		n.lost = now
		return nil
	case lost >= 0 && lost < networkStays: // less: the clock was set back
		return nil
	}
	return n.saveNetwork(status)
}

// fades is when the file of a router that is lost goes away; zero: there is none.
func (n *namespace) fades() time.Time {
	if n.lost.IsZero() || !exists(filepath.Join(n.dir.RuntimeResources(), networkFile)) {
		return time.Time{}
	}
	return n.lost.Add(networkStays)
}

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
