package workload

import (
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Ports of the containers.
const (
	portRouterHTTP    = 9090
	portAdaptorHealth = 9191
	portMetrics       = 9000
)

// Deployment runs one router of the site: its pod has the router and the adaptor, which share directories for certificates.
func (r Render) Deployment(group string, cfg *config.Config) *appsv1.Deployment {
	labels := routerLabels()
	labels[names.Type] = names.TypeSite
	podLabels := routerLabels()
	podLabels[names.Type], podLabels[names.Group] = names.TypeSite, group
	replicas := int32(1)
	account := r.Site.Spec.ServiceAccount
	if account == "" {
		account = names.Router
	}
	pod := corev1.PodSpec{ServiceAccountName: account,
		InitContainers: []corev1.Container{r.initContainer(group)},
		Containers:     []corev1.Container{r.router(), r.adaptor(group)},
		Volumes: []corev1.Volume{{Name: certVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			{Name: proxyVolume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}}
	if !r.Plain {
		yes := true
		pod.SecurityContext = &corev1.PodSecurityContext{RunAsNonRoot: &yes, // else namespaces with the restricted standard refuse the pod
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}}
	}
	if r.Site.Spec.HA && !r.Site.Spec.Edge && !isTrue(r.Site.Spec.Settings[v2alpha1.SettingDisableAntiAffinity]) {
		pod.Affinity = apart()
	}
	return &appsv1.Deployment{TypeMeta: typed("apps/v1", "Deployment"), ObjectMeta: r.meta("Deployment", group, labels, nil),
		Spec: appsv1.DeploymentSpec{Replicas: &replicas,
			// Immutable: what others made with it is taken over. The second router's is the same; pods tell by their owners.
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{names.Component: names.ComponentRouter}},
			Template: corev1.PodTemplateSpec{Spec: pod, ObjectMeta: metav1.ObjectMeta{Labels: podLabels, Annotations: map[string]string{
				"prometheus.io/port": strconv.Itoa(portRouterHTTP), "prometheus.io/scrape": "true", names.ConfigDigest: Digest(cfg)}}}}}
}

const (
	certVolume  = "skupper-router-certs"
	proxyVolume = "skupper-router-proxies"
)

func mounts() []corev1.VolumeMount {
	return []corev1.VolumeMount{{Name: certVolume, MountPath: names.CertDir}, {Name: proxyVolume, MountPath: names.ProxyDir}}
}

func isTrue(s string) bool {
	b, err := strconv.ParseBool(s)
	return err == nil && b
}

func (r Render) container(name string, image Image) corev1.Container {
	c := corev1.Container{Name: name, Image: image.Name, ImagePullPolicy: corev1.PullPolicy(image.Pull), VolumeMounts: mounts()}
	if !r.Plain {
		no, yes := false, true
		c.SecurityContext = &corev1.SecurityContext{AllowPrivilegeEscalation: &no, RunAsNonRoot: &yes,
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}}
	}
	return c
}

// initContainer writes certificates and configuration before the router starts.
func (r Render) initContainer(group string) corev1.Container {
	c := r.container(names.InitContainer, r.Images.Adaptor)
	c.Command = []string{"/app/kube-adaptor", "-init"}
	c.Env = []corev1.EnvVar{{Name: "SKUPPER_ROUTER_CONFIG", Value: group}}
	return c
}

func (r Render) router() corev1.Container {
	c := r.container(names.RouterContainer, r.Images.Router)
	c.Env = []corev1.EnvVar{
		{Name: "QDROUTERD_CONF", Value: names.CertDir + "/" + names.ConfigKey},
		{Name: "QDROUTERD_CONF_TYPE", Value: "json"},
		{Name: "SKUPPER_SITE_ID", Value: string(r.Site.UID)},
	}
	c.Ports = []corev1.ContainerPort{port("amqps", 5671), port("http", portRouterHTTP),
		port(v2alpha1.RoleInterRouter, v2alpha1.DefaultInterRouterPort), port(v2alpha1.RoleEdge, v2alpha1.DefaultEdgePort)}
	c.LivenessProbe = probe(portRouterHTTP, 60, 10)
	c.ReadinessProbe = readiness(portRouterHTTP)
	c.Lifecycle = drained()
	c.Resources = r.Sizing.Router
	return c
}

func (r Render) adaptor(group string) corev1.Container {
	c := r.container(names.AdaptorContainer, r.Images.Adaptor)
	c.Command = []string{"/app/kube-adaptor"} // its image may be the controller's, which starts that by itself
	c.Env = []corev1.EnvVar{
		{Name: "SKUPPER_NAMESPACE", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "metadata.namespace"}}},
		{Name: "SKUPPER_SITE_ID", Value: string(r.Site.UID)},
		{Name: "SKUPPER_SITE_NAME", Value: r.Site.Name},
		{Name: "SKUPPER_ROUTER_CONFIG", Value: group},
		{Name: "SKUPPER_ROUTER_DEPLOYMENT", Value: group},
	}
	c.Ports = []corev1.ContainerPort{port("metrics", portMetrics)}
	c.ReadinessProbe = readiness(portAdaptorHealth)
	c.Lifecycle = drained()
	c.Resources = r.Sizing.Adaptor
	return c
}

// readiness asks every second: who is not ready at the first question should not have to wait long for the next. A second
// without an answer is no reason to send clients away.
func readiness(port int32) *corev1.Probe {
	p := probe(port, 1, 1)
	p.FailureThreshold = 5
	return p
}

// drained lets a container go on until another router of its group is ready: the adaptor answers then. Clients are sent to
// a pod that is being deleted as long as there is no other, so nobody misses it.
func drained() *corev1.Lifecycle {
	return &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{
		HTTPGet: &corev1.HTTPGetAction{Path: names.DrainPath, Port: intstr.FromInt32(portAdaptorHealth)}}}
}

func probe(port, delay, period int32) *corev1.Probe {
	return &corev1.Probe{InitialDelaySeconds: delay, PeriodSeconds: period,
		ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromInt32(port)}}}
}

func port(name string, number int32) corev1.ContainerPort {
	return corev1.ContainerPort{Name: name, ContainerPort: number, Protocol: corev1.ProtocolTCP}
}

// apart asks for another node than that of the site's other router.
func apart() *corev1.Affinity {
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
		Weight: 100, PodAffinityTerm: corev1.PodAffinityTerm{TopologyKey: "kubernetes.io/hostname",
			LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{names.Application: names.Router, names.Type: names.TypeSite}}}}}}}
}
