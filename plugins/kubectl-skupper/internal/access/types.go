package access

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// accessType is one way to expose pods. Both functions are pure; seen is how the objects look now, each under its ref.
type accessType struct {
	// kinds are what it needs beyond what every cluster has.
	kinds []kind

	// plan is the objects it consists of, besides the Service. Nil: none. An error made by v2alpha1.Waiting says that more
	// must be known first; the objects returned with it are wanted all the same.
	plan func(sa *v2alpha1.SecuredAccess, env Env, seen Seen) ([]client.Object, error)

	// service is the type of the Service; empty: one for the inside of the cluster.
	service corev1.ServiceType

	// endpoints is where the pods can be reached, in the order of the ports; nothing as long as that is not known.
	endpoints func(sa *v2alpha1.SecuredAccess, env Env, seen Seen) []v2alpha1.Endpoint
}

// Env is what access types need to know beside the SecuredAccess.
type Env struct {
	Config
	Own   string                   // namespace of the Gateway
	Kinds map[string]groupVersions // by kind: versions the cluster has
}

// groupVersions is the apiVersion of a kind.
type groupVersions = string

// Seen is objects as they are in the cluster, by kind and name; what is not there is missing.
type Seen map[string]client.Object

func ref(kind, name string) string { return kind + "/" + name }

// service is the Service of that SecuredAccess, nil if there is none.
func (s Seen) service(sa *v2alpha1.SecuredAccess) *corev1.Service {
	svc, _ := s[ref("Service", sa.Name)].(*corev1.Service)
	return svc
}

// field is a value of an object whose type is not known here; nil if it has none.
func (s Seen) field(kind, name string, path ...string) any {
	u, ok := s[ref(kind, name)].(*unstructured.Unstructured)
	if !ok {
		return nil
	}
	v, _, _ := unstructured.NestedFieldNoCopy(u.Object, path...) // what is not as it should be is not there
	return v
}

// accessTypes are all there are, by name.
func accessTypes() map[string]accessType {
	return map[string]accessType{
		Local:        {endpoints: localEndpoints},
		LoadBalancer: {service: corev1.ServiceTypeLoadBalancer, endpoints: loadBalancerEndpoints},
		NodePort:     {service: corev1.ServiceTypeNodePort, endpoints: nodePortEndpoints},
		Route:        {kinds: []kind{routeKind}, plan: routes, endpoints: routeEndpoints},
		Ingress:      {plan: plainIngress, endpoints: ingressEndpoints},
		IngressNginx: {plan: nginxIngress, endpoints: ingressEndpoints},
		HTTPProxy:    {kinds: []kind{httpProxyKind}, plan: httpProxies, endpoints: httpProxyEndpoints},
		Gateway:      {kinds: []kind{gatewayKind, tlsRouteKind}, plan: gatewayRoutes, endpoints: gatewayEndpoints},
	}
}

// httpsPort is where routes, ingresses and proxies are reached.
const httpsPort = "443"

// service is the Service that every access type has.
func service(sa *v2alpha1.SecuredAccess, t corev1.ServiceType) *corev1.Service {
	svc := &corev1.Service{ObjectMeta: made(sa, sa.Name)}
	svc.Spec.Selector, svc.Spec.Type = sa.Spec.Selector, t
	for _, p := range sa.Spec.Ports {
		target, protocol := p.TargetPort, corev1.Protocol(p.Protocol)
		if target == 0 {
			target = p.Port
		}
		if protocol == "" {
			protocol = corev1.ProtocolTCP
		}
		//nolint:gosec // checkPorts refuses what does not fit
		svc.Spec.Ports = append(svc.Spec.Ports, corev1.ServicePort{Name: p.Name, Port: int32(p.Port), TargetPort: intstr.FromInt32(int32(target)), Protocol: protocol})
	}
	return svc
}

// checkPorts refuses numbers that a port of a Service has no room for: with their upper bits cut off they would be others.
func checkPorts(sa *v2alpha1.SecuredAccess) error {
	for i, p := range sa.Spec.Ports {
		if err := validate.Port(p.Port); err != nil {
			return fmt.Errorf("spec.ports[%d].port %w", i, err)
		}
		if err := validate.Port(p.TargetPort); err != nil && p.TargetPort != 0 {
			return fmt.Errorf("spec.ports[%d].targetPort %w", i, err)
		}
	}
	return nil
}

// made is the metadata of an object of a SecuredAccess.
func made(sa *v2alpha1.SecuredAccess, name string) metav1.ObjectMeta {
	yes := true
	return metav1.ObjectMeta{Namespace: sa.Namespace, Name: name,
		Labels:      map[string]string{names.SecuredAccess: "true"},
		Annotations: map[string]string{names.Controlled: "true"},
		OwnerReferences: []metav1.OwnerReference{{APIVersion: v2alpha1.APIVersion, Kind: v2alpha1.KindSecuredAccess,
			Name: sa.Name, UID: sa.UID, Controller: &yes}},
	}
}

// other is an object of a kind that has no Go type here.
func other(sa *v2alpha1.SecuredAccess, env Env, kind, name string, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	u.SetAPIVersion(env.Kinds[kind])
	u.SetKind(kind)
	m := made(sa, name)
	u.SetNamespace(m.Namespace)
	u.SetName(m.Name)
	u.SetLabels(m.Labels)
	u.SetAnnotations(m.Annotations)
	u.SetOwnerReferences(m.OwnerReferences)
	return u
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func port(n int) string { return strconv.Itoa(n) }
