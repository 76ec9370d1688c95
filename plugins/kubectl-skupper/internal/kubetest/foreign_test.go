//go:build kube

package kubetest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/tests/kube"
)

// installForeignKinds defines the kinds of other projects, as far as their names go: any content is accepted.
func installForeignKinds(ctx context.Context) error {
	c := server.Client(kube.Admin)
	for _, k := range []struct{ group, version, kind, plural string }{
		{"route.openshift.io", "v1", "Route", "routes"},
		{"projectcontour.io", "v1", "HTTPProxy", "httpproxies"},
		{"gateway.networking.k8s.io", "v1", "Gateway", "gateways"},
		{"gateway.networking.k8s.io", "v1alpha2", "TLSRoute", "tlsroutes"},
	} {
		body := strings.NewReplacer("GROUP", k.group, "VERSION", k.version, "KIND", k.kind, "PLURAL", k.plural, "SINGULAR", strings.ToLower(k.kind)).Replace(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: PLURAL.GROUP
  annotations: {"api-approved.kubernetes.io": "unapproved, for tests"}
spec:
  group: GROUP
  names: {kind: KIND, listKind: KINDList, plural: PLURAL, singular: SINGULAR}
  scope: Namespaced
  versions:
  - name: VERSION
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`)
		if _, err := c.Must(ctx, "POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body); err != nil {
			return err
		}
		path := "/apis/" + k.group + "/" + k.version + "/namespaces/default/" + k.plural
		for {
			code, _, err := c.Do(ctx, "GET", path, nil)
			if err == nil && code == http.StatusOK {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s is not served: code %d, %w", path, code, err)
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}
