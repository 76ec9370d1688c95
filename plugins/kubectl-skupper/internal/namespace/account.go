package namespace

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// renew has a router's pod replaced that is older than its account: an account that was deleted and made again is another one,
// the pod keeps the token of the first for most of an hour, and with it the adaptor can neither read nor write anything.
func renew(wanted, live *appsv1.Deployment, account *corev1.ServiceAccount, pods []*corev1.Pod) {
	if live == nil {
		return
	}
	mark := live.Spec.Template.Annotations[names.Account] // it stays: taking it away would replace the pod again
	for _, p := range pods {
		if account != nil && isRouter(p) && p.Labels[names.Group] == wanted.Name && p.DeletionTimestamp == nil && p.CreationTimestamp.Before(&account.CreationTimestamp) {
			mark = string(account.UID)
		}
	}
	if mark != "" {
		wanted.Spec.Template.Annotations[names.Account] = mark
	}
}
