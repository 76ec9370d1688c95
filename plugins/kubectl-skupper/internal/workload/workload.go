// Package workload renders what a site on Kubernetes consists of: Deployments, Services, ConfigMaps, roles, Certificates. It is
// pure: the same site gives the same objects. Names, labels and contents are those that other tools know sites by.
package workload

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// Image is a container image with its pull policy.
type Image struct {
	Name string
	Pull string // empty: the cluster's default
}

// Images are what router pods consist of.
type Images struct{ Router, Adaptor Image }

// Render is what objects are rendered from.
type Render struct {
	Site      *v2alpha1.Site // the active one, with its UID
	Images    Images
	Plain     bool // no security contexts, for clusters that have their own
	Sizing    Sizing
	Templates []Template
}

// Owner is the reference that makes objects go with their site.
func Owner(s *v2alpha1.Site) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: v2alpha1.APIVersion, Kind: v2alpha1.KindSite, Name: s.Name, UID: s.UID}
}

// meta is that of an object of the site. Templates add to it and never replace what it has.
func (r Render) meta(kind, name string, labels, annotations map[string]string) metav1.ObjectMeta {
	labels, annotations = dress(r.Templates, kind, name, labels, annotations)
	return metav1.ObjectMeta{Name: name, Namespace: r.Site.Namespace, Labels: labels, Annotations: annotations,
		OwnerReferences: []metav1.OwnerReference{Owner(r.Site)}}
}

func typed(apiVersion, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}
}

func routerLabels() map[string]string {
	return map[string]string{names.AppName: names.Router, names.PartOf: names.Skupper, names.Application: names.Router, names.Component: names.ComponentRouter}
}

// ConfigMap has a router's configuration. digests say which contents of the TLS secrets its ordinals are for.
func (r Render) ConfigMap(group string, cfg *config.Config, digests map[string]string) (*corev1.ConfigMap, error) {
	text, err := cfg.Marshal()
	if err != nil {
		return nil, fmt.Errorf("render the configuration of router %s: %w", group, err)
	}
	known, err := json.Marshal(digests) // in the order of names
	if err != nil {
		return nil, err
	}
	return &corev1.ConfigMap{TypeMeta: typed("v1", "ConfigMap"),
		ObjectMeta: r.meta("ConfigMap", group, map[string]string{names.RouterConfig: ""}, map[string]string{names.TLSDigests: string(known)}),
		Data:       map[string]string{names.ConfigKey: string(text)}}, nil
}

// RouterRules are what router pods may do: the adaptor beside the router reads configuration and credentials, and publishes
// what the router sees of the network.
func RouterRules() []rbacv1.PolicyRule {
	read := []string{"get", "list", "watch"}
	write := []string{"get", "list", "watch", "create", "update", "delete"}
	rule := func(group string, verbs []string, resources ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
	}
	return []rbacv1.PolicyRule{
		rule("", read, "secrets", "pods", "services"),
		rule("", []string{"update", "delete"}, "secrets"),
		rule("", write, "configmaps"),
		rule("apps", []string{"get"}, "deployments"),
		rule("coordination.k8s.io", write, "leases"),
	}
}

// Role of the router pods.
func (r Render) Role() *rbacv1.Role {
	return &rbacv1.Role{TypeMeta: typed(rbacv1.SchemeGroupVersion.String(), "Role"), ObjectMeta: r.meta("Role", names.Router, nil, nil), Rules: RouterRules()}
}

// RoleBinding gives the Role to the ServiceAccount.
func (r Render) RoleBinding() *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{TypeMeta: typed(rbacv1.SchemeGroupVersion.String(), "RoleBinding"), ObjectMeta: r.meta("RoleBinding", names.Router, nil, nil),
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: names.Router, Namespace: r.Site.Namespace}},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: names.Router}}
}

// ServiceAccount of the router pods.
func (r Render) ServiceAccount() *corev1.ServiceAccount {
	return &corev1.ServiceAccount{TypeMeta: typed("v1", "ServiceAccount"), ObjectMeta: r.meta("ServiceAccount", names.Router, nil, nil)}
}

// LocalService is where observers and messaging tools of the cluster reach the routers.
func (r Render) LocalService() *corev1.Service {
	return &corev1.Service{TypeMeta: typed("v1", "Service"), ObjectMeta: r.meta("Service", names.RouterLocal, nil, nil),
		Spec: corev1.ServiceSpec{Selector: routerLabels(),
			Ports: []corev1.ServicePort{{Name: "amqps", Port: 5671, TargetPort: intstr.FromInt32(5671), Protocol: corev1.ProtocolTCP}}}}
}

// ListenerService leads clients of a host name to the routers.
func (r Render) ListenerService(e site.Exposure, listener string) *corev1.Service {
	s := &corev1.Service{TypeMeta: typed("v1", "Service"),
		ObjectMeta: r.meta("Service", e.Host, map[string]string{names.Listener: labelValue(listener)}, map[string]string{names.Controlled: "true"}),
		Spec:       corev1.ServiceSpec{Selector: map[string]string{names.Application: names.Router, names.Component: names.ComponentRouter}}}
	for _, p := range e.Ports {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{Name: p.Name, Port: int32(p.Port), TargetPort: intstr.FromInt32(int32(p.TargetPort)),
			Protocol: corev1.ProtocolTCP})
	}
	return s
}

// labelValue is a name as the value of a label, which is shorter.
func labelValue(name string) string {
	const most = 63
	if len(name) <= most {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return name[:most-9] + "x" + hex.EncodeToString(sum[:4])
}

// Certificate asks for a key pair of the site. Hosts are noted per owner, so that several can want the same certificate.
func (r Render) Certificate(w site.CertificateWant) *v2alpha1.Certificate {
	c := &v2alpha1.Certificate{ObjectMeta: r.meta(v2alpha1.KindCertificate, w.Name, map[string]string{names.Certificate: "true"},
		map[string]string{names.Controlled: "true"}),
		Spec: v2alpha1.CertificateSpec{CA: w.CA, Subject: w.Subject, Hosts: w.Hosts, Client: w.Client, Server: w.Server, Signing: w.Signing}}
	v2alpha1.SetTypeMeta(c)
	if len(w.Hosts) > 0 {
		hosts := ""
		for i, h := range w.Hosts {
			if i > 0 {
				hosts += ","
			}
			hosts += h
		}
		c.Annotations[names.Hosts+"-"+string(r.Site.UID)] = hosts
	}
	return c
}

// Digest is that of the settings which a running router cannot change.
func Digest(cfg *config.Config) string {
	h := sha256.New()
	fmt.Fprint(h, cfg.Router.Mode, cfg.Router.DataConnectionCount)
	for _, l := range cfg.Logs {
		fmt.Fprint(h, l.Module, ":", l.Enable)
	}
	return hex.EncodeToString(h.Sum(nil))
}
