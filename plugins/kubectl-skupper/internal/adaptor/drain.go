package adaptor

import (
	"context"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

const (
	drainMost  = 15 * time.Second // half of what a pod is given to end
	drainEvery = 250 * time.Millisecond
	drainAfter = time.Second // from the successor's being ready until every node sends its clients there
	drainsMost = 4           // at once: the two containers of the pod ask, and nobody else has reason to
)

// drain answers the hook that the kubelet calls before it ends the containers of the pod: not before another router of the
// group is ready. Until then this one goes on, and the cluster sends clients to it where there is no other, so that a pod
// that is deleted is not missed.
type drain struct {
	Options
	api  clients
	slot chan struct{}
}

func newDrain(o Options, api clients) *drain {
	return &drain{Options: o, api: api, slot: make(chan struct{}, drainsMost)}
}

// ServeHTTP answers when the containers may end.
func (d *drain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case d.slot <- struct{}{}:
		defer func() { <-d.slot }()
	default:
		http.Error(w, "others are waiting", http.StatusServiceUnavailable)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(2 * drainMost)) // at worst the answer is late, and the kubelet goes on
	ctx, cancel := context.WithTimeout(r.Context(), drainMost)
	defer cancel()
	began := time.Now()
	why := d.wait(ctx)
	d.Log.Info().Str("because", why).Dur("after", time.Since(began)).Msg("drain.over")
	w.WriteHeader(http.StatusOK)
}

// wait returns when there is nothing to wait for, and says why.
func (d *drain) wait(ctx context.Context) string {
	for ctx.Err() == nil {
		dep, err := d.api.apps.Deployments(d.Namespace).Get(ctx, d.Deployment, metav1.GetOptions{})
		switch {
		case err != nil: // the site is gone, or nobody can say
			return "there is no telling: " + err.Error()
		case dep.DeletionTimestamp != nil, dep.Spec.Replicas != nil && *dep.Spec.Replicas == 0:
			return "no other router is to come"
		}
		pods, err := d.api.core.Pods(d.Namespace).List(ctx, metav1.ListOptions{LabelSelector: names.Component + "=" + names.ComponentRouter + "," + names.Group + "=" + d.RouterConfig})
		if err != nil {
			return "there is no telling: " + err.Error()
		}
		for i := range pods.Items {
			if p := &pods.Items[i]; p.Name != d.Identity && serves(p) {
				pause(ctx, drainAfter)
				return p.Name + " is ready"
			}
		}
		pause(ctx, drainEvery)
	}
	return "no other router was ready in time"
}

// serves tells whether clients are sent to a pod.
func serves(p *corev1.Pod) bool {
	if p.DeletionTimestamp != nil {
		return false
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}
