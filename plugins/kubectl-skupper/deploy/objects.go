package deploy

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// Scope is how much one controller looks after.
type Scope string

// The scopes.
const (
	Cluster   Scope = "cluster"   // all namespaces that name no other controller
	Namespace Scope = "namespace" // the one it runs in
)

// DefaultNamespace is where the controller of a cluster runs.
const DefaultNamespace = "skupper"

// Options say what a controller is to be like.
type Options struct {
	Scope     Scope  // empty: Cluster
	Namespace string // where it runs; empty: DefaultNamespace, of a cluster's only
	Images    Images
	// PullPolicy of all images; empty: that which Kubernetes has for an image of such a name.
	PullPolicy string
	// Env are further variables of the controller, such as SKUPPER_ENABLED_ACCESS_TYPES.
	Env map[string]string
}

// Images are what the controller and what it runs are made of.
type Images struct {
	Controller string // required
	Router     string // empty: the controller's default
	Adaptor    string // empty: the controller's image, which is both
}

// Objects are the controller and what it needs, in the order in which they are best created. The definitions of the resources
// are apart: see [Definitions].
func Objects(o Options) ([]*unstructured.Unstructured, error) {
	o.Scope = cmp.Or(o.Scope, Cluster)
	if o.Scope == Cluster {
		o.Namespace = cmp.Or(o.Namespace, DefaultNamespace)
	}
	switch {
	case o.Scope != Cluster && o.Scope != Namespace:
		return nil, fmt.Errorf("the scope of a controller is %q, want %s or %s", o.Scope, Cluster, Namespace)
	case o.Namespace == "":
		return nil, errors.New("a controller of one namespace needs to know which")
	case o.Images.Controller == "":
		return nil, errors.New("a controller needs an image")
	}
	account := &corev1.ServiceAccount{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"}, ObjectMeta: o.meta()}
	var all []runtime.Object
	if o.Scope == Cluster {
		meta := o.meta()
		meta.Namespace = ""
		all = append(all,
			&corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}, ObjectMeta: metav1.ObjectMeta{Name: o.Namespace}},
			account,
			&rbacv1.ClusterRole{TypeMeta: rbac("ClusterRole"), ObjectMeta: meta, Rules: Rules()},
			&rbacv1.ClusterRoleBinding{TypeMeta: rbac("ClusterRoleBinding"), ObjectMeta: meta, RoleRef: roleRef("ClusterRole"), Subjects: o.subjects()})
	} else {
		all = append(all,
			account,
			&rbacv1.Role{TypeMeta: rbac("Role"), ObjectMeta: o.meta(), Rules: Rules()},
			&rbacv1.RoleBinding{TypeMeta: rbac("RoleBinding"), ObjectMeta: o.meta(), RoleRef: roleRef("Role"), Subjects: o.subjects()},
			&corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
				ObjectMeta: metav1.ObjectMeta{Name: names.ControlMap, Namespace: o.Namespace}, Data: map[string]string{names.ControlKey: names.Controller}})
	}
	all = append(all, o.deployment())
	out := make([]*unstructured.Unstructured, 0, len(all))
	for _, obj := range all {
		tree, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
		if err != nil {
			return nil, fmt.Errorf("make the documents of the controller: %w", err)
		}
		delete(tree, "status")
		unstructured.RemoveNestedField(tree, "metadata", "creationTimestamp")
		unstructured.RemoveNestedField(tree, "spec", "template", "metadata", "creationTimestamp")
		out = append(out, &unstructured.Unstructured{Object: tree})
	}
	return out, nil
}

// Definitions are those of the resources.
func Definitions() ([]*unstructured.Unstructured, error) {
	files, err := fs.Glob(CRDs, "crds/*.yaml")
	if err != nil {
		return nil, err
	}
	var out []*unstructured.Unstructured
	for _, f := range files {
		text, err := CRDs.ReadFile(f)
		if err != nil {
			return nil, err
		}
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(text, &u.Object); err != nil {
			return nil, fmt.Errorf("read the definition %s: %w", f, err)
		}
		out = append(out, u)
	}
	return out, nil
}

func rbac(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: kind}
}

func roleRef(kind string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: names.Controller}
}

func (o Options) subjects() []rbacv1.Subject {
	return []rbacv1.Subject{{Kind: "ServiceAccount", Name: names.Controller, Namespace: o.Namespace}}
}

func (o Options) meta() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: names.Controller, Namespace: o.Namespace, Labels: labels()}
}

func labels() map[string]string {
	return map[string]string{names.AppName: names.Controller, names.PartOf: names.Skupper, names.Application: names.Controller}
}

// envWatched makes a controller look after one namespace only.
const envWatched = "WATCH_NAMESPACE"

// Ports of the controller.
const (
	portMetrics = 9000
	portHealth  = 8081
)

func (o Options) deployment() *appsv1.Deployment {
	podLabels := labels()
	podLabels[names.Component] = names.ComponentController
	no, yes := false, true
	c := corev1.Container{
		Name: "controller", Image: o.Images.Controller, ImagePullPolicy: corev1.PullPolicy(o.PullPolicy),
		Command: []string{"/app/controller"}, Args: []string{"-enable-grants", "-grant-server-autoconfigure"},
		Env:   o.env(),
		Ports: []corev1.ContainerPort{{Name: "metrics", ContainerPort: portMetrics, Protocol: corev1.ProtocolTCP}, {Name: "health", ContainerPort: portHealth, Protocol: corev1.ProtocolTCP}},
		SecurityContext: &corev1.SecurityContext{AllowPrivilegeEscalation: &no, RunAsNonRoot: &yes, ReadOnlyRootFilesystem: &yes,
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}},
		LivenessProbe: probe("/healthz", 20), ReadinessProbe: probe("/readyz", 2),
	}
	meta := o.meta()
	meta.Labels[names.Component] = names.ComponentController
	replicas := int32(1)
	return &appsv1.Deployment{TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"}, ObjectMeta: meta,
		Spec: appsv1.DeploymentSpec{Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{names.Application: names.Controller}},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: podLabels,
				Annotations: map[string]string{"prometheus.io/scrape": "true", "prometheus.io/port": fmt.Sprint(portMetrics)}},
				Spec: corev1.PodSpec{ServiceAccountName: names.Controller, Containers: []corev1.Container{c},
					// The Service skupper-grant-server would put SKUPPER_GRANT_SERVER_PORT=tcp://… into the environment.
					EnableServiceLinks: &no,
					SecurityContext:    &corev1.PodSecurityContext{RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}}}}}}
}

func probe(path string, delay int32) *corev1.Probe {
	return &corev1.Probe{InitialDelaySeconds: delay, PeriodSeconds: 10,
		ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(portHealth)}}}
}

// env tells the controller where it is and what to run. What the caller adds wins.
func (o Options) env() []corev1.EnvVar {
	field := &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"}}
	out := []corev1.EnvVar{{Name: "NAMESPACE", ValueFrom: field}}
	if o.Scope == Namespace {
		out = append(out, corev1.EnvVar{Name: envWatched, ValueFrom: field})
	}
	values := map[string]string{"SKUPPER_KUBE_ADAPTOR_IMAGE": cmp.Or(o.Images.Adaptor, o.Images.Controller)}
	// The controller would have them pulled always: what was loaded into the nodes for it would not do for its routers.
	values["SKUPPER_KUBE_ADAPTOR_IMAGE_PULL_POLICY"] = cmp.Or(o.PullPolicy, usualPull(values["SKUPPER_KUBE_ADAPTOR_IMAGE"]))
	if o.Images.Router != "" {
		values["SKUPPER_ROUTER_IMAGE"] = o.Images.Router
		values["SKUPPER_ROUTER_IMAGE_PULL_POLICY"] = cmp.Or(o.PullPolicy, usualPull(o.Images.Router))
	} else if o.PullPolicy != "" {
		values["SKUPPER_ROUTER_IMAGE_PULL_POLICY"] = o.PullPolicy
	}
	maps.Copy(values, o.Env)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out = append(out, corev1.EnvVar{Name: name, Value: values[name]})
	}
	return out
}

// OfOneNamespace tells of the Deployment of a controller whether that looks after the namespace only that it runs in.
func OfOneNamespace(controller *unstructured.Unstructured) bool {
	containers, _, _ := unstructured.NestedSlice(controller.Object, "spec", "template", "spec", "containers")
	for _, c := range containers {
		m, _ := c.(map[string]any)
		env, _, _ := unstructured.NestedSlice(m, "env")
		for _, e := range env {
			if v, ok := e.(map[string]any); ok && v["name"] == envWatched {
				return true
			}
		}
	}
	return false
}

// usualPull is the policy that Kubernetes gives to containers that have none.
func usualPull(image string) string {
	name := image[strings.LastIndex(image, "/")+1:] // before it there may be the port of a registry
	_, tag, tagged := strings.Cut(name, ":")
	if !strings.Contains(name, "@") && (!tagged || tag == "latest") {
		return string(corev1.PullAlways)
	}
	return string(corev1.PullIfNotPresent)
}
