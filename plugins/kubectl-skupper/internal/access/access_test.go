package access

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		c          Config
	}{
		{name: "nothing said"},
		{name: "all", c: Config{Enabled: all(), Default: Local, ClusterHost: "h", GatewayClass: "c", HTTPProxyDomain: "d"}},
		{"unknown type", `"tunnel"`, Config{Enabled: []string{"tunnel"}}},
		{"default not enabled", "not among those enabled", Config{Default: NodePort}},
		{"nodeport without host", "SKUPPER_CLUSTER_HOST", Config{Enabled: []string{NodePort}}},
		{"gateway without class", "SKUPPER_GATEWAY_CLASS", Config{Enabled: []string{Gateway}}},
		{"proxy without domain", "SKUPPER_HTTP_PROXY_DOMAIN", Config{Enabled: []string{HTTPProxy}}},
		{"port", "65536", Config{GatewayPort: 65536}},
	} {
		err := tt.c.Check()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if err := (Config{Enabled: []string{NodePort, Gateway}, Default: "x"}).Check(); strings.Count(err.Error(), ";") != 2 {
		t.Errorf("not all at once: %v", err)
	}
}

func TestDefaultType(t *testing.T) {
	for _, tt := range []struct {
		c      Config
		routes bool
		want   string
	}{
		{Config{}, false, LoadBalancer},
		{Config{}, true, Route},
		{Config{Enabled: []string{Local, LoadBalancer}}, true, LoadBalancer},
		{Config{Enabled: []string{Local, NodePort}}, true, Local},
		{Config{Default: Local}, true, Local},
	} {
		if got := tt.c.DefaultType(tt.routes); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.c, got, tt.want)
		}
	}
}

func newAccess(name string) *v2alpha1.SecuredAccess {
	return &v2alpha1.SecuredAccess{ObjectMeta: metav1.ObjectMeta{Namespace: "west", Name: name, UID: "u"},
		Spec: v2alpha1.SecuredAccessSpec{Selector: map[string]string{"a": "b"}, Ports: []v2alpha1.SecuredAccessPort{
			{Name: "inter-router", Port: 55671, TargetPort: 1024}, {Name: "edge", Port: 45671}}}}
}

// see is what is seen of objects that have a status now.
func see(objs ...any) Seen {
	s := Seen{}
	for _, o := range objs {
		switch o := o.(type) {
		case *corev1.Service:
			s[ref("Service", o.Name)] = o
		case *networkingv1.Ingress:
			s[ref("Ingress", o.Name)] = o
		case *unstructured.Unstructured:
			s[ref(o.GetKind(), o.GetName())] = o
		}
	}
	return s
}

func thing(kind, name string, status map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"status": status}}
	u.SetKind(kind)
	u.SetName(name)
	return u
}

func balanced(name string, in ...corev1.LoadBalancerIngress) *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: in}}}
}

func TestEndpoints(t *testing.T) {
	nodes := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "skupper-router"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{
		{Name: "edge", NodePort: 30001}, {Name: "inter-router", NodePort: 30002}}}}
	ingress := func(name string, lb ...networkingv1.IngressLoadBalancerIngress) *networkingv1.Ingress {
		return &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: networkingv1.IngressStatus{LoadBalancer: networkingv1.IngressLoadBalancerStatus{Ingress: lb}}}
	}
	admitted := func(port, host string) *unstructured.Unstructured {
		return thing("Route", "skupper-router-"+port, map[string]any{"ingress": []any{map[string]any{"host": host}}})
	}
	gw := func(kind, value string) *unstructured.Unstructured {
		return thing("Gateway", "skupper", map[string]any{"addresses": []any{map[string]any{"type": kind, "value": value}}})
	}
	tlsRoutes := []any{thing("TLSRoute", "skupper-router-edge", nil), thing("TLSRoute", "skupper-router-inter-router", nil)}
	for _, tt := range []struct {
		name, accessType string
		env              Config
		seen             Seen
		want             string
	}{
		{"local", Local, Config{}, nil, "inter-router=skupper-router.west:55671 edge=skupper-router.west:45671"},
		{"no address yet", LoadBalancer, Config{}, see(balanced("skupper-router")), ""},
		{"no Service yet", LoadBalancer, Config{}, nil, ""},
		{"IP", LoadBalancer, Config{}, see(balanced("skupper-router", corev1.LoadBalancerIngress{IP: "192.0.2.1", Hostname: "lb.example"})), "inter-router=192.0.2.1:55671 edge=192.0.2.1:45671"},
		{"host name", LoadBalancer, Config{}, see(balanced("skupper-router", corev1.LoadBalancerIngress{Hostname: "lb.example"})), "inter-router=lb.example:55671 edge=lb.example:45671"},
		{"two addresses", LoadBalancer, Config{}, see(balanced("skupper-router", corev1.LoadBalancerIngress{IP: "192.0.2.1"}, corev1.LoadBalancerIngress{}, corev1.LoadBalancerIngress{IP: "192.0.2.2"})),
			"inter-router=192.0.2.1:55671 edge=192.0.2.1:45671 inter-router=192.0.2.2:55671 edge=192.0.2.2:45671"},
		{"ports by name", NodePort, Config{ClusterHost: "nodes"}, see(nodes), "inter-router=nodes:30002 edge=nodes:30001"},
		{"no port yet", NodePort, Config{ClusterHost: "nodes"}, see(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "skupper-router"}}), ""},
		{"one admitted", Route, Config{}, see(admitted("edge", "e.apps"), thing("Route", "skupper-router-inter-router", nil)), "edge=e.apps:443"},
		{"both admitted", Route, Config{}, see(admitted("edge", "e.apps"), admitted("inter-router", "i.apps")), "inter-router=i.apps:443 edge=e.apps:443"},
		{"a status of another shape", Route, Config{}, see(thing("Route", "skupper-router-edge", map[string]any{"ingress": "x"})), ""},
		{"domain", Ingress, Config{IngressDomain: "apps.example"}, see(ingress("skupper-router")), "inter-router=inter-router.west.apps.example:443 edge=edge.west.apps.example:443"},
		{"domain by address", IngressNginx, Config{}, see(ingress("skupper-router", networkingv1.IngressLoadBalancerIngress{IP: "192.0.2.1"})), "inter-router=inter-router.west.192.0.2.1.nip.io:443 edge=edge.west.192.0.2.1.nip.io:443"},
		{"domain by name", IngressNginx, Config{}, see(ingress("skupper-router", networkingv1.IngressLoadBalancerIngress{Hostname: "lb"})), "inter-router=inter-router.west.lb:443 edge=edge.west.lb:443"},
		{"no domain yet", IngressNginx, Config{}, see(ingress("skupper-router")), ""},
		{"proxies", HTTPProxy, Config{HTTPProxyDomain: "p"}, see(thing("HTTPProxy", "skupper-router-edge", nil), thing("HTTPProxy", "skupper-router-inter-router", nil)),
			"inter-router=skupper-router-inter-router.west.p:443 edge=skupper-router-edge.west.p:443"},
		{"gateway by address", Gateway, Config{}, see(append(tlsRoutes, gw("IPAddress", "192.0.2.1"))...),
			"inter-router=skupper-router-inter-router.west.192.0.2.1.nip.io:8443 edge=skupper-router-edge.west.192.0.2.1.nip.io:8443"},
		{"gateway by name", Gateway, Config{GatewayPort: 443}, see(append(tlsRoutes, gw("Hostname", "g"))...), "inter-router=skupper-router-inter-router.west.g:443 edge=skupper-router-edge.west.g:443"},
		{"gateway by domain", Gateway, Config{GatewayDomain: "d"}, see(tlsRoutes...), "inter-router=skupper-router-inter-router.west.d:8443 edge=skupper-router-edge.west.d:8443"},
		{"gateway without address", Gateway, Config{}, see(append(tlsRoutes, thing("Gateway", "skupper", nil))...), ""},
	} {
		t.Run(tt.accessType+"/"+tt.name, func(t *testing.T) {
			var got []string
			for _, e := range accessTypes()[tt.accessType].endpoints(newAccess("skupper-router"), Env{Config: tt.env, Own: "skupper"}, tt.seen) {
				got = append(got, fmt.Sprintf("%s=%s:%s", e.Name, e.Host, e.Port))
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("got  %s\nwant %s", s, tt.want)
			}
		})
	}
}

// Two routers of one site must not want the same host.
func TestHostsDiffer(t *testing.T) {
	env := Env{Config: Config{IngressDomain: "d", HTTPProxyDomain: "d", GatewayDomain: "d"}}
	for _, name := range []string{Ingress, HTTPProxy, Gateway} {
		seen := map[string]bool{}
		for _, router := range []string{"skupper-router", "skupper-router-2"} {
			s := see(&networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Name: router}})
			for _, p := range []string{"inter-router", "edge"} {
				for _, kind := range []string{"HTTPProxy", "TLSRoute"} {
					s[ref(kind, router+"-"+p)] = thing(kind, router+"-"+p, nil)
				}
			}
			for _, e := range accessTypes()[name].endpoints(newAccess(router), env, s) {
				if seen[e.Host] {
					t.Errorf("%s: %s twice", name, e.Host)
				}
				seen[e.Host] = true
			}
		}
		if len(seen) != 4 {
			t.Errorf("%s: hosts %v", name, seen)
		}
	}
}

func TestService(t *testing.T) {
	svc := service(newAccess("x"), corev1.ServiceTypeNodePort)
	p := svc.Spec.Ports
	if svc.Spec.Type != "NodePort" || len(p) != 2 || p[0].TargetPort.IntValue() != 1024 || p[1].TargetPort.IntValue() != 45671 || p[1].Protocol != "TCP" ||
		svc.Labels["internal.skupper.io/secured-access"] != "true" || svc.OwnerReferences[0].UID != "u" {
		t.Errorf("got %+v", svc)
	}
	// What the API server and others have added is no difference.
	have := svc.DeepCopy()
	have.Spec.Ports[0].NodePort, have.Spec.ClusterIP, have.Annotations["cloud"] = 30000, "10.0.0.9", "x"
	next := have.DeepCopy()
	merge(next, service(newAccess("x"), corev1.ServiceTypeNodePort))
	if next.Spec.Ports[0].NodePort != 30000 || next.Annotations["cloud"] != "x" || next.Spec.ClusterIP != "10.0.0.9" {
		t.Errorf("got %+v", next)
	}
	merge(next, service(newAccess("x"), ""))
	if next.Spec.Type != corev1.ServiceTypeClusterIP || next.Spec.Ports[0].NodePort != 0 {
		t.Errorf("got %+v", next.Spec)
	}
}

func TestMergeTree(t *testing.T) {
	for i, tt := range []struct{ have, want, out any }{
		{nil, map[string]any{"a": int64(1)}, "map[a:1]"},
		{map[string]any{"a": int64(1), "b": int64(2)}, map[string]any{"a": int64(3)}, "map[a:3 b:2]"},
		{map[string]any{"l": []any{map[string]any{"n": "x", "default": true}}}, map[string]any{"l": []any{map[string]any{"n": "y"}}}, "map[l:[map[default:true n:y]]]"},
		{map[string]any{"l": []any{"a", "b"}}, map[string]any{"l": []any{"c"}}, "map[l:[c]]"},
		{"text", map[string]any{}, "map[]"},
	} {
		if got := fmt.Sprint(mergeTree(tt.have, tt.want)); got != tt.out {
			t.Errorf("%d: got %s, want %s", i, got, tt.out)
		}
	}
}

func TestEveryTypeIsThere(t *testing.T) {
	for _, name := range all() {
		if accessTypes()[name].endpoints == nil {
			t.Errorf("%s has no endpoints", name)
		}
	}
	if len(accessTypes()) != len(all()) || !slices.Contains(all(), DefaultTypes()[0]) {
		t.Error("names and types differ")
	}
}

// TestPortsThatDoNotFit has ports whose lower bits are others.
func TestPortsThatDoNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		port v2alpha1.SecuredAccessPort
		ok   bool
	}{
		"good":        {v2alpha1.SecuredAccessPort{Port: 80}, true},
		"both":        {v2alpha1.SecuredAccessPort{Port: 80, TargetPort: 8080}, true},
		"wraps":       {v2alpha1.SecuredAccessPort{Port: 1<<32 + 80}, false},
		"target":      {v2alpha1.SecuredAccessPort{Port: 80, TargetPort: 1<<32 + 80}, false},
		"none":        {v2alpha1.SecuredAccessPort{}, false},
		"negative":    {v2alpha1.SecuredAccessPort{Port: -5}, false},
		"much":        {v2alpha1.SecuredAccessPort{Port: 65536}, false},
		"target-less": {v2alpha1.SecuredAccessPort{Port: 65535, TargetPort: -1}, false},
	} {
		sa := &v2alpha1.SecuredAccess{Spec: v2alpha1.SecuredAccessSpec{Ports: []v2alpha1.SecuredAccessPort{c.port}}}
		if err := checkPorts(sa); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
