package access

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

var httpProxyKind = kind{group: "projectcontour.io", name: "HTTPProxy"}

// httpProxies are Contour's, one for each port, which pass TLS through.
func httpProxies(sa *v2alpha1.SecuredAccess, env Env, _ Seen) (out []client.Object, err error) {
	for _, p := range sa.Spec.Ports {
		out = append(out, other(sa, env, httpProxyKind.name, sa.Name+"-"+p.Name, map[string]any{
			"virtualhost": map[string]any{"fqdn": hostBelow(sa, p.Name, env.HTTPProxyDomain), "tls": map[string]any{"passthrough": true}},
			"tcpproxy":    map[string]any{"services": []any{map[string]any{"name": sa.Name, "port": int64(p.Port)}}},
		}))
	}
	return out, nil
}

func httpProxyEndpoints(sa *v2alpha1.SecuredAccess, env Env, seen Seen) (out []v2alpha1.Endpoint) {
	for _, p := range sa.Spec.Ports {
		if seen[ref(httpProxyKind.name, sa.Name+"-"+p.Name)] != nil {
			out = append(out, v2alpha1.Endpoint{Name: p.Name, Host: hostBelow(sa, p.Name, env.HTTPProxyDomain), Port: httpsPort})
		}
	}
	return out
}

// hostBelow is the host of a port of a SecuredAccess in a domain that is the whole cluster's.
func hostBelow(sa *v2alpha1.SecuredAccess, portName, domain string) string {
	return sa.Name + "-" + portName + "." + sa.Namespace + "." + domain
}
