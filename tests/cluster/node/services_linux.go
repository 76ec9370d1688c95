package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// service is what is used of one.
type service struct {
	Metadata struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Spec struct {
		Type      string `json:"type"`
		ClusterIP string `json:"clusterIP"`
	} `json:"spec"`
	Status struct {
		LoadBalancer struct {
			Ingress []any `json:"ingress"`
		} `json:"loadBalancer"`
	} `json:"status"`
}

// startServices starts what a cluster has beside Kubernetes itself: a load balancer, and names of Services. ctx bounds only the start.
func (c *Cluster) startServices(ctx context.Context) error {
	names, err := c.listenDNS(ctx)
	if err != nil {
		return err
	}
	ctx, c.stopBackground = context.WithCancel(context.WithoutCancel(ctx))
	c.background.Go(func() { c.balance(ctx) })
	c.background.Go(func() { c.answerNames(ctx, names) })
	c.background.Go(func() { // a read of a socket knows no context
		<-ctx.Done()
		_ = names.Close()
	})
	return nil
}

// balance gives each Service of type LoadBalancer an address, which the rules of kube-proxy then serve, until ctx ends.
func (c *Cluster) balance(ctx context.Context) {
	for ctx.Err() == nil {
		err := c.API.Watch(ctx, "/api/v1/services", func(object json.RawMessage) error {
			var s service
			if err := json.Unmarshal(object, &s); err != nil {
				return err
			}
			if s.Spec.Type != "LoadBalancer" || len(s.Status.LoadBalancer.Ingress) > 0 {
				return nil
			}
			return c.giveAddress(ctx, s)
		})
		_ = err // the API may be away for a test; the watch is begun again
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// giveAddress keeps to the address that a Service of that name had.
func (c *Cluster) giveAddress(ctx context.Context, s service) error {
	key := s.Metadata.Namespace + "/" + s.Metadata.Name
	address := c.balancedNames[key]
	if address == "" {
		if len(c.balancedNames) >= 250 {
			return errors.New("there are no addresses left")
		}
		address = c.balanced + "." + strconv.Itoa(len(c.balancedNames)+1)
		c.balancedNames[key] = address
	}
	patch := fmt.Sprintf(`{"status":{"loadBalancer":{"ingress":[{"ip":%q}]}}}`, address)
	_, err := c.API.Must(ctx, http.MethodPatch, "/api/v1/namespaces/"+s.Metadata.Namespace+"/services/"+s.Metadata.Name+"/status", patch)
	return err
}

// clusterIP gives the address of a Service; it is empty if there is none.
func (c *Cluster) clusterIP(ctx context.Context, namespace, name string) (string, error) {
	code, tree, err := c.API.Do(ctx, http.MethodGet, "/api/v1/namespaces/"+namespace+"/services/"+name, nil)
	if err != nil || code == http.StatusNotFound {
		return "", err
	}
	spec, _ := tree["spec"].(map[string]any)
	address, ok := spec["clusterIP"].(string)
	if !ok {
		return "", fmt.Errorf("service %s/%s: code %d", namespace, name, code)
	}
	return address, nil
}
