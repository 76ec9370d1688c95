package access

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

var (
	gatewayKind  = kind{group: "gateway.networking.k8s.io", name: "Gateway"}
	tlsRouteKind = kind{group: "gateway.networking.k8s.io", name: "TLSRoute"}
)

// tlsListener is the name of the Gateway's listener.
const tlsListener = "tls"

// gatewayRoutes are the one Gateway of this controller, and a TLSRoute for each port.
func gatewayRoutes(sa *v2alpha1.SecuredAccess, env Env, seen Seen) ([]client.Object, error) {
	out := []client.Object{theGateway(env)}
	domain := gatewayDomain(env, seen)
	if domain == "" {
		return out, v2alpha1.Waiting("Gateway base domain not yet resolved")
	}
	for _, p := range sa.Spec.Ports {
		out = append(out, other(sa, env, tlsRouteKind.name, sa.Name+"-"+p.Name, map[string]any{
			"parentRefs": []any{map[string]any{"name": names.Skupper, "namespace": env.Own, "sectionName": tlsListener}},
			"hostnames":  []any{hostBelow(sa, p.Name, domain)},
			"rules":      []any{map[string]any{"backendRefs": []any{map[string]any{"name": sa.Name, "port": int64(p.Port)}}}},
		}))
	}
	return out, nil
}

// theGateway belongs to no SecuredAccess: all use it, from any namespace.
func theGateway(env Env) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"gatewayClassName": env.GatewayClass,
		"listeners": []any{map[string]any{
			"name": tlsListener, "port": int64(env.gatewayPort()), "protocol": "TLS",
			"tls":           map[string]any{"mode": "Passthrough"},
			"allowedRoutes": map[string]any{"namespaces": map[string]any{"from": "All"}},
		}},
	}}}
	u.SetAPIVersion(env.Kinds[gatewayKind.name])
	u.SetKind(gatewayKind.name)
	u.SetNamespace(env.Own)
	u.SetName(names.Skupper)
	u.SetLabels(map[string]string{names.SecuredAccess: "true"})
	u.SetAnnotations(map[string]string{names.Controlled: "true"})
	return u
}

// gatewayDomain is what was configured, or else what the Gateway's own address tells.
func gatewayDomain(env Env, seen Seen) string {
	if env.GatewayDomain != "" {
		return env.GatewayDomain
	}
	addresses, _ := seen.field(gatewayKind.name, names.Skupper, "status", "addresses").([]any)
	for _, a := range addresses {
		m, _ := a.(map[string]any)
		value := text(m["value"])
		switch {
		case value == "":
		case text(m["type"]) == "Hostname":
			return value
		default: // an address is also what no type means
			return value + ".nip.io"
		}
	}
	return ""
}

func gatewayEndpoints(sa *v2alpha1.SecuredAccess, env Env, seen Seen) (out []v2alpha1.Endpoint) {
	domain := gatewayDomain(env, seen)
	for _, p := range sa.Spec.Ports {
		if domain != "" && seen[ref(tlsRouteKind.name, sa.Name+"-"+p.Name)] != nil {
			out = append(out, v2alpha1.Endpoint{Name: p.Name, Host: hostBelow(sa, p.Name, domain), Port: port(env.gatewayPort())})
		}
	}
	return out
}
