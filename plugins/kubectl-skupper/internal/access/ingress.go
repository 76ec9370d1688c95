package access

import (
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

const nginxClass = "nginx"

// plainIngress is an Ingress for a controller that passes TLS through by itself.
func plainIngress(sa *v2alpha1.SecuredAccess, env Env, seen Seen) ([]client.Object, error) {
	return []client.Object{ingress(sa, env, seen, "")}, nil
}

// nginxIngress is an Ingress with what makes nginx pass TLS through.
func nginxIngress(sa *v2alpha1.SecuredAccess, env Env, seen Seen) ([]client.Object, error) {
	in := ingress(sa, env, seen, nginxClass)
	in.Annotations["nginx.ingress.kubernetes.io/ssl-passthrough"] = "true"
	in.Annotations["nginx.ingress.kubernetes.io/ssl-redirect"] = "true"
	return []client.Object{in}, nil
}

func ingress(sa *v2alpha1.SecuredAccess, env Env, seen Seen, class string) *networkingv1.Ingress {
	in := &networkingv1.Ingress{ObjectMeta: made(sa, sa.Name)}
	for _, choice := range []string{env.IngressClass, sa.Spec.Settings[v2alpha1.SettingIngressClassName]} {
		if choice != "" {
			class = choice
		}
	}
	if class != "" {
		in.Spec.IngressClassName = &class
	}
	prefix := networkingv1.PathTypePrefix
	for _, p := range sa.Spec.Ports {
		rule := networkingv1.IngressRule{Host: ingressHost(sa, p.Name, ingressDomain(sa, env, seen))}
		//nolint:gosec // the API server refuses what is no port
		rule.HTTP = &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: "/", PathType: &prefix,
			Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: sa.Name,
				Port: networkingv1.ServiceBackendPort{Number: int32(p.Port)}}}}}}
		in.Spec.Rules = append(in.Spec.Rules, rule)
	}
	return in
}

// ingressHost is the host of a port. That of the site's first router has the short form everybody knows; what else there is
// in the namespace must not take it.
func ingressHost(sa *v2alpha1.SecuredAccess, portName, domain string) string {
	host := portName + "." + sa.Namespace
	if sa.Name != names.Router {
		host = sa.Name + "-" + host
	}
	if domain != "" {
		host += "." + domain
	}
	return host
}

// ingressDomain is what was configured, or else what the ingress's own address tells.
func ingressDomain(sa *v2alpha1.SecuredAccess, env Env, seen Seen) string {
	if env.IngressDomain != "" {
		return env.IngressDomain
	}
	in, ok := seen[ref("Ingress", sa.Name)].(*networkingv1.Ingress)
	if !ok {
		return ""
	}
	for _, lb := range in.Status.LoadBalancer.Ingress {
		if lb.Hostname != "" {
			return lb.Hostname
		}
		if lb.IP != "" {
			return lb.IP + ".nip.io"
		}
	}
	return ""
}

func ingressEndpoints(sa *v2alpha1.SecuredAccess, env Env, seen Seen) (out []v2alpha1.Endpoint) {
	domain := ingressDomain(sa, env, seen)
	if domain == "" || seen[ref("Ingress", sa.Name)] == nil {
		return nil
	}
	for _, p := range sa.Spec.Ports {
		out = append(out, v2alpha1.Endpoint{Name: p.Name, Host: ingressHost(sa, p.Name, domain), Port: httpsPort})
	}
	return out
}
