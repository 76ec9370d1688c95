//go:build cluster

package cluster

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"

	"github.com/skupper-plugins/suite/tests/cluster/node"
)

const (
	routerLabels     = "skupper.io/component=router"
	controllerLabels = "application=skupper-controller"
)

// pod is the only pod of those with the labels that is not about to go, as soon as all that it consists of is ready. The one that was
// there a moment ago may still be listed, as running too.
func pod(t *testing.T, c *node.Cluster, namespace, labels string) (name string) {
	t.Helper()
	eventually(t, patience, "one ready pod "+labels+" in "+namespace, func() error {
		tree, err := c.API.Must(t.Context(), "GET", "/api/v1/namespaces/"+namespace+"/pods?labelSelector="+url.QueryEscape(labels), "")
		if err != nil {
			return err
		}
		text, err := json.Marshal(tree)
		if err != nil {
			return err
		}
		var list struct {
			Items []struct {
				Metadata struct{ Name, DeletionTimestamp string }
				Status   struct{ ContainerStatuses []struct{ Ready bool } }
			}
		}
		if err := json.Unmarshal(text, &list); err != nil {
			return err
		}
		name = ""
		for _, p := range list.Items {
			if p.Metadata.DeletionTimestamp != "" {
				continue
			}
			if name != "" {
				return fmt.Errorf("there are %s and %s", name, p.Metadata.Name)
			}
			name = p.Metadata.Name
			for _, s := range p.Status.ContainerStatuses {
				if !s.Ready {
					return fmt.Errorf("%s is not ready", name)
				}
			}
			if len(p.Status.ContainerStatuses) == 0 {
				return fmt.Errorf("%s does not run yet", name)
			}
		}
		if name == "" {
			return fmt.Errorf("there is none among %d", len(list.Items))
		}
		return nil
	})
	return name
}

// router is the pod of the place's router.
func (p *place) router() string { p.t.Helper(); return pod(p.t, p.c, p.name, routerLabels) }
