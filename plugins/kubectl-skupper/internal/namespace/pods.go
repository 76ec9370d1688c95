package namespace

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/site"
)

func isRouter(p *corev1.Pod) bool {
	return p.Labels[names.Component] == names.ComponentRouter && p.Labels[names.Type] == names.TypeSite
}

func isReady(p *corev1.Pod) bool {
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// notReady says why a pod is not ready: what a container waits for if that is no part of a good start, else what the conditions say.
func notReady(p *corev1.Pod) string {
	if why := blocked(p); why != "" {
		return why
	}
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Status == corev1.ConditionFalse && c.Message != "" {
			return c.Message
		}
	}
	return fmt.Sprintf("Pod %s not ready", p.Name)
}

// Reasons of containers that wait.
const (
	waitInitializing = "PodInitializing"
	waitCreating     = "ContainerCreating"
	waitCrashing     = "CrashLoopBackOff"
)

// stuck says why a container does not start; it is empty if it runs or will soon.
func stuck(c *corev1.ContainerStatus) string {
	w := c.State.Waiting
	if w == nil || w.Reason == "" || w.Reason == waitInitializing || w.Reason == waitCreating {
		return ""
	}
	if end := c.LastTerminationState.Terminated; w.Reason == waitCrashing && end != nil { // its own message changes with every wait
		return fmt.Sprintf("container %s ends again and again, with code %d (%s)", c.Name, end.ExitCode, end.Reason)
	}
	if w.Message == "" {
		return fmt.Sprintf("container %s: %s", c.Name, w.Reason)
	}
	return fmt.Sprintf("container %s: %s: %s", c.Name, w.Reason, clip(w.Message))
}

// clip bounds what a registry, the node or the scheduler says.
func clip(text string) string {
	const most = 300 // octets
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// blocked says why a pod does not come up without somebody's doing; it is empty if it is up, or will soon be.
func blocked(p *corev1.Pod) string {
	for _, all := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range all {
			if why := stuck(&all[i]); why != "" {
				return why
			}
		}
	}
	for i := range p.Status.Conditions {
		if c := &p.Status.Conditions[i]; c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return "it cannot be scheduled: " + clip(c.Message)
		}
	}
	return ""
}

// running says whether a router of the site is ready, or why none is.
func running(pods []*corev1.Pod) (ok bool, why string) {
	name := "" // of the pod that it is about: they are in no order, and what is said must not change with it
	for _, p := range pods {
		switch {
		case !isRouter(p) || p.DeletionTimestamp != nil:
		case p.Status.Phase == corev1.PodRunning && isReady(p):
			return true, ""
		case why == "" || p.Name < name:
			name, why = p.Name, notReady(p)
		}
	}
	return false, why
}

// targets are the pods that a selector finds and that can be connected to, by name.
func targets(pods []*corev1.Pod, selector string, includeNotReady bool) []site.Target {
	s, err := labels.Parse(selector)
	if err != nil || selector == "" {
		return nil
	}
	var out []site.Target
	for _, p := range pods {
		if s.Matches(labels.Set(p.Labels)) && p.Status.Phase == corev1.PodRunning && p.DeletionTimestamp == nil && p.Status.PodIP != "" &&
			(includeNotReady || isReady(p)) {
			out = append(out, site.Target{Name: p.Name, IP: p.Status.PodIP, UID: string(p.UID)})
		}
	}
	slices.SortFunc(out, func(a, b site.Target) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
