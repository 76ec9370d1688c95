package access

import (
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// localEndpoints are the Service's own name, for links within the cluster.
func localEndpoints(sa *v2alpha1.SecuredAccess, _ Env, _ Seen) (out []v2alpha1.Endpoint) {
	for _, p := range sa.Spec.Ports {
		out = append(out, v2alpha1.Endpoint{Name: p.Name, Host: sa.Name + "." + sa.Namespace, Port: port(p.Port)})
	}
	return out
}

// loadBalancerEndpoints are the addresses that the cloud, or what stands for it, gave the Service.
func loadBalancerEndpoints(sa *v2alpha1.SecuredAccess, _ Env, seen Seen) (out []v2alpha1.Endpoint) {
	svc := seen.service(sa)
	if svc == nil {
		return nil
	}
	for _, in := range svc.Status.LoadBalancer.Ingress {
		host := in.IP
		if host == "" {
			host = in.Hostname
		}
		if host == "" {
			continue
		}
		for _, p := range sa.Spec.Ports {
			out = append(out, v2alpha1.Endpoint{Name: p.Name, Host: host, Port: port(p.Port)})
		}
	}
	return out
}

// nodePortEndpoints are the ports that the Service has on each node.
func nodePortEndpoints(sa *v2alpha1.SecuredAccess, env Env, seen Seen) (out []v2alpha1.Endpoint) {
	svc := seen.service(sa)
	if svc == nil {
		return nil
	}
	for _, p := range sa.Spec.Ports {
		for _, have := range svc.Spec.Ports {
			if have.Name == p.Name && have.NodePort != 0 {
				out = append(out, v2alpha1.Endpoint{Name: p.Name, Host: env.ClusterHost, Port: port(int(have.NodePort))})
			}
		}
	}
	return out
}
