package access

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

var routeKind = kind{group: "route.openshift.io", name: "Route"}

// settingDomain is the domain below which a Route's host is.
const settingDomain = "domain"

// routes are OpenShift's Routes, one for each port, which pass TLS through.
func routes(sa *v2alpha1.SecuredAccess, env Env, _ Seen) (out []client.Object, err error) {
	for _, p := range sa.Spec.Ports {
		name := sa.Name + "-" + p.Name
		spec := map[string]any{
			"to":   map[string]any{"kind": "Service", "name": sa.Name, "weight": int64(100)},
			"port": map[string]any{"targetPort": p.Name},
			"tls":  map[string]any{"termination": "passthrough", "insecureEdgeTerminationPolicy": "None"},
		}
		if domain := sa.Spec.Settings[settingDomain]; domain != "" {
			spec["host"] = name + "." + sa.Namespace + "." + domain
		}
		out = append(out, other(sa, env, routeKind.name, name, spec))
	}
	return out, nil
}

func routeEndpoints(sa *v2alpha1.SecuredAccess, _ Env, seen Seen) (out []v2alpha1.Endpoint) {
	for _, p := range sa.Spec.Ports {
		admitted, _ := seen.field(routeKind.name, sa.Name+"-"+p.Name, "status", "ingress").([]any)
		for _, in := range admitted {
			if m, ok := in.(map[string]any); ok && text(m["host"]) != "" {
				out = append(out, v2alpha1.Endpoint{Name: p.Name, Host: text(m["host"]), Port: httpsPort})
			}
		}
	}
	return out
}
