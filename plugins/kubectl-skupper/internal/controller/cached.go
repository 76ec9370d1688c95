package controller

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Secrets of these types are no credentials, and can be many and big.
const notCredentials = "type!=kubernetes.io/service-account-token,type!=helm.sh/release.v1,type!=kubernetes.io/dockerconfigjson," +
	"type!=kubernetes.io/dockercfg,type!=bootstrap.kubernetes.io/token,type!=kubernetes.io/ssh-auth"

// cached says what the cache keeps: of the cluster's own kinds only the objects and the parts that are looked at.
func cached(o Options) (cache.Options, error) {
	secrets, err := fields.ParseSelector(notCredentials)
	if err != nil {
		return cache.Options{}, fmt.Errorf("select secrets: %w", err)
	}
	byName := cache.ByObject{Field: fields.OneTermEqualSelector("metadata.name", names.Router)}
	out := cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}:            {Transform: lightPod},
			&corev1.Secret{}:         {Field: secrets, Transform: lightSecret},
			&corev1.ConfigMap{}:      {Transform: lightConfigMap},
			&corev1.ServiceAccount{}: byName,
			&rbacv1.Role{}:           byName,
			&rbacv1.RoleBinding{}:    byName,
			&appsv1.Deployment{}:     {Label: labels.SelectorFromSet(labels.Set{names.Component: names.ComponentRouter})},
			&networkingv1.Ingress{}:  {Label: labels.SelectorFromSet(labels.Set{names.SecuredAccess: "true"})},
		},
	}
	if o.WatchNamespace != "" {
		out.DefaultNamespaces = map[string]cache.Config{o.WatchNamespace: {}, o.Namespace: {}}
	}
	return out, nil
}

// lightPod keeps what makes a pod a target or a ready router.
func lightPod(in any) (any, error) {
	p, ok := in.(*corev1.Pod)
	if !ok {
		return in, nil
	}
	out := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: p.Name, Namespace: p.Namespace, UID: p.UID, ResourceVersion: p.ResourceVersion,
		Labels: p.Labels, DeletionTimestamp: p.DeletionTimestamp, CreationTimestamp: p.CreationTimestamp},
		Status: corev1.PodStatus{Phase: p.Status.Phase, PodIP: p.Status.PodIP}}
	component := p.Labels[names.Component]
	for i := range p.Status.Conditions {
		c := p.Status.Conditions[i]
		if c.Type == corev1.PodReady || component == names.ComponentRouter {
			out.Status.Conditions = append(out.Status.Conditions, corev1.PodCondition{Type: c.Type, Status: c.Status, Message: c.Message})
		}
	}
	if component == names.ComponentRouter {
		out.Status.InitContainerStatuses, out.Status.ContainerStatuses = waiting(p.Status.InitContainerStatuses), waiting(p.Status.ContainerStatuses)
	}
	return out, nil
}

// waiting keeps of containers that do not run why that is.
func waiting(all []corev1.ContainerStatus) (out []corev1.ContainerStatus) {
	for i := range all {
		w := all[i].State.Waiting
		if w == nil {
			continue
		}
		c := corev1.ContainerStatus{Name: all[i].Name, State: corev1.ContainerState{Waiting: w}}
		if end := all[i].LastTerminationState.Terminated; end != nil {
			c.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: end.ExitCode, Reason: end.Reason}
		}
		out = append(out, c)
	}
	return out
}

// lightSecret keeps the contents of what may be credentials. Whoever changes a secret of the cache must patch it.
func lightSecret(in any) (any, error) {
	s, ok := in.(*corev1.Secret)
	if !ok {
		return in, nil
	}
	s.ManagedFields = nil
	delete(s.Annotations, corev1.LastAppliedConfigAnnotation)
	switch s.Type {
	case corev1.SecretTypeTLS, corev1.SecretTypeBasicAuth:
	default:
		if len(s.Data[v2alpha1.SecretKeyCA]) == 0 {
			s.Data = nil
		}
	}
	return s, nil
}

// lightConfigMap keeps the contents of the few that are read.
func lightConfigMap(in any) (any, error) {
	m, ok := in.(*corev1.ConfigMap)
	if !ok {
		return in, nil
	}
	m.ManagedFields = nil
	for _, label := range []string{names.RouterConfig, names.SiteSizing, names.LabelTemplate} {
		if _, ok := m.Labels[label]; ok {
			return m, nil
		}
	}
	switch m.Name {
	case names.Router, names.SecondRouter, names.NetworkStatus, names.ControlMap, names.LogConfig, names.GrantJournal:
		return m, nil
	}
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: m.Name, Namespace: m.Namespace, UID: m.UID, ResourceVersion: m.ResourceVersion}}, nil
}

// knows reports whether the cluster has a kind of the group.
func knows(mapper meta.RESTMapper, kind string) (bool, error) {
	gv := v2alpha1.GroupVersion()
	_, err := mapper.RESTMapping(gv.WithKind(kind).GroupKind(), gv.Version)
	if meta.IsNoMatchError(err) {
		return false, nil
	}
	return err == nil, err
}
