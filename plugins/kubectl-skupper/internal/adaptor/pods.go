package adaptor

import (
	"context"
	"path"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/router/announce"
)

// podList brings the pods of the namespace to the announcer.
type podList struct {
	table *table[*corev1.Pod, announce.Process]
	wake  chan struct{} // they are others; has room for one
	out   chan []announce.Process
}

func newPodList() *podList {
	p := &podList{wake: make(chan struct{}, 1), out: make(chan []announce.Process)}
	p.table = newTable(readPod, func() {
		select {
		case p.wake <- struct{}{}:
		default: // it will look anyway
		}
	})
	return p
}

// podsEvery is the least time between two lists: pods come in crowds.
const podsEvery = 200 * time.Millisecond

// run brings the pods until ctx ends.
func (p *podList) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		items, known := p.table.all()
		if !known {
			continue
		}
		list := make([]announce.Process, 0, len(items))
		for _, v := range items {
			list = append(list, v)
		}
		select {
		case <-ctx.Done():
			return
		case p.out <- list:
		}
		pause(ctx, podsEvery)
	}
}

// routers tells which routers, by their ids, run in the site's pods. As long as this adaptor's own pod is not among the known ones
// nobody can say: nil.
func (p *podList) routers(self string) func(id string) (pod string, ours bool) {
	items, known := p.table.all()
	if _, sees := items[self]; !known || !sees {
		return nil
	}
	return func(id string) (string, bool) {
		for name := range items {
			if strings.HasPrefix(name, names.Router+"-") && strings.HasSuffix(id, "-"+name) {
				return name, true
			}
		}
		return "", false
	}
}

// partOf are the values of the label part-of of what belongs to the network itself.
var partOf = map[string]bool{"skupper": true, "skupper-network-observer": true}

// readPod is a pod as a process; not one that is over or has no address yet.
func readPod(p *corev1.Pod) (announce.Process, bool) {
	if p.Status.PodIP == "" || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
		return announce.Process{}, false
	}
	out := announce.Process{
		ID: string(p.UID), Name: p.Name, SourceHost: p.Status.PodIP, Hostname: p.Spec.NodeName, Started: p.CreationTimestamp.Time,
		Internal: partOf[p.Labels[names.PartOf]],
	}
	if p.Status.StartTime != nil {
		out.Started = p.Status.StartTime.Time
	}
	if len(p.Spec.Containers) > 0 {
		out.ImageName = p.Spec.Containers[0].Image
	}
	for _, label := range []string{names.PartOf, names.AppName, "app.kubernetes.io/component"} {
		if out.Group = p.Labels[label]; out.Group != "" {
			return out, true
		}
	}
	base := path.Base(out.ImageName)
	base, _, _ = strings.Cut(base, "@")
	out.Group, _, _ = strings.Cut(base, ":")
	return out, true
}
