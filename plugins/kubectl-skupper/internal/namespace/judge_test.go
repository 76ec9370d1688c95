package namespace

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// TestRemark has a router that runs, and beside it others that do not come up.
func TestRemark(t *testing.T) {
	router := func(name string, change func(*corev1.Pod)) *corev1.Pod {
		return aPod(func(p *corev1.Pod) {
			p.Name, p.Labels = name, map[string]string{names.Component: names.ComponentRouter, names.Type: names.TypeSite}
			if change != nil {
				change(p)
			}
		})
	}
	waits := func(reason string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status.Phase, p.Status.Conditions = corev1.PodPending, nil
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "router", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "m"}}}}
		}
	}
	nowhere := func(p *corev1.Pod) {
		p.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "0/3 nodes"}}}
	}
	now := metav1.Now()
	leaves := func(p *corev1.Pod) { waits("ErrImagePull")(p); p.DeletionTimestamp = &now }
	quota := map[string]*appsv1.Deployment{names.Router: {Status: appsv1.DeploymentStatus{Conditions: []appsv1.DeploymentCondition{
		{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Message: "exceeded quota"}}}}}
	for name, tt := range map[string]struct {
		pods        []*corev1.Pod
		deployments map[string]*appsv1.Deployment
		running     bool
		said        string
	}{
		"well":        {[]*corev1.Pod{router("a", nil)}, nil, true, ""},
		"starting":    {[]*corev1.Pod{router("a", nil), router("b", waits("ContainerCreating"))}, nil, true, ""},
		"image":       {[]*corev1.Pod{router("a", nil), router("c", waits("ImagePullBackOff")), router("b", waits("ErrImagePull"))}, nil, true, "a router pod is ready, but pod b does not start: container router: ErrImagePull: m"},
		"nowhere":     {[]*corev1.Pod{router("a", nil), router("b", nowhere)}, nil, true, "a router pod is ready, but pod b does not start: it cannot be scheduled: 0/3 nodes"},
		"leaving":     {[]*corev1.Pod{router("a", nil), router("b", leaves)}, nil, true, ""},
		"quota":       {[]*corev1.Pod{router("a", nil)}, quota, true, "a router pod is ready, but another cannot be made: exceeded quota"},
		"none":        {nil, quota, false, "exceeded quota"},
		"not-running": {[]*corev1.Pod{router("b", nowhere)}, nil, false, "it cannot be scheduled: 0/3 nodes"},
	} {
		w := &world{pods: tt.pods, deployments: tt.deployments}
		w.observed.Running, w.observed.NotReady = running(w.pods)
		w.remark()
		said := strings.Join(w.observed.Remarks, "; ")
		if !tt.running {
			said = w.observed.NotReady
		}
		if w.observed.Running != tt.running || said != tt.said {
			t.Errorf("%s: running %v, %q", name, w.observed.Running, said)
		}
	}
	if !deploymentChanged(&appsv1.Deployment{}, quota[names.Router]) || deploymentChanged(quota[names.Router], quota[names.Router]) {
		t.Error("what keeps pods from being made goes unnoticed")
	}
}

// TestJudge finds what is wrong with sites that their specs do not show.
func TestJudge(t *testing.T) {
	disowned := func(site string) *corev1.ConfigMap { // a configuration of ours, without its owner
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: names.Router, Labels: map[string]string{names.RouterConfig: ""}},
			Data: map[string]string{names.ConfigKey: `[["router",{"id":"west-1","mode":"interior","metadata":"{\"id\":\"` + site + `\",\"version\":\"1\"}"}]]`}}
	}
	size := func(name, limit string, annotations map[string]string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{names.SiteSizing: name}, Annotations: annotations}, Data: map[string]string{"router-cpu-limit": limit}}
	}
	for name, tt := range map[string]struct {
		size    string
		sizings []*corev1.ConfigMap
		config  *corev1.ConfigMap
		fault   string
		remark  string
	}{
		"none":      {"", nil, nil, "", ""},
		"there":     {"big", []*corev1.ConfigMap{size("big", "2", nil)}, nil, "", ""},
		"missing":   {"big", []*corev1.ConfigMap{size("small", "2", nil)}, nil, `settings.size: there is no sizing called "big"`, ""},
		"wrong":     {"big", []*corev1.ConfigMap{size("big", "much", nil)}, nil, `settings.size: ConfigMap big: router-cpu-limit is "much"`, ""},
		"default":   {"", []*corev1.ConfigMap{size("big", "much", map[string]string{names.DefaultSizing: ""})}, nil, "", `the default size is not right: ConfigMap big: router-cpu-limit is "much"`},
		"disowned":  {"", nil, disowned("u"), "", ""},
		"another's": {"", nil, disowned("v"), `skupper-router is not owned by skupper site "u"`, ""},
		"foreign":   {"", nil, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: names.Router}}, `skupper-router is not owned by skupper site "u"`, ""},
	} {
		w := &world{sizings: tt.sizings, configs: map[string]*corev1.ConfigMap{}}
		if tt.config != nil {
			w.configs[tt.config.Name] = tt.config
		}
		s := &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: "west", UID: "u"}}
		s.Spec.Settings = map[string]string{"size": tt.size}
		w.resources.Sites = []*v2alpha1.Site{s}
		w.judge()
		fault := ""
		if err := w.resources.Faults["u"]; err != nil {
			fault = err.Error()
		}
		if remark := strings.Join(w.observed.Remarks, "; "); !strings.HasPrefix(fault, tt.fault) || (fault == "") != (tt.fault == "") || !strings.HasPrefix(remark, tt.remark) || (remark == "") != (tt.remark == "") {
			t.Errorf("%s: fault %q, remark %q", name, fault, remark)
		}
	}
}

// TestTold logs what does not change once, and its end.
func TestTold(t *testing.T) {
	var out bytes.Buffer
	r := &reconciler{Options: Options{Log: zerolog.New(&out)}, told: map[string]string{}}
	for _, what := range []string{"", "broken", "broken", "", ""} {
		r.tell("west", what)
	}
	if got := strings.Count(out.String(), "\n"); got != 2 {
		t.Errorf("%d lines:\n%s", got, &out)
	}
}

// TestRemarkAuthority tells of another authority for a week, and is woken at its end.
func TestRemarkAuthority(t *testing.T) {
	now := time.Date(2026, 3, 8, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		at    string
		again time.Duration // 0: nothing is said
	}{
		"just-now":   {now.Format(time.RFC3339), newAuthority + time.Second},
		"before":     {now.Add(-newAuthority + time.Hour).Format(time.RFC3339), time.Hour + time.Second},
		"other-hour": {now.Add(time.Hour).Format(time.RFC3339), newAuthority + time.Second},
		"long-ago":   {now.Add(-newAuthority).Format(time.RFC3339), 0},
		"never":      {"", 0},
	} {
		w := &world{certificates: map[string]*v2alpha1.Certificate{v2alpha1.DefaultIssuerName: {ObjectMeta: metav1.ObjectMeta{Name: v2alpha1.DefaultIssuerName,
			Annotations: map[string]string{names.AuthorityReplaced: tt.at}}}}}
		w.resources.Sites = []*v2alpha1.Site{{}}
		w.observed.Now = now
		if w.remarkAuthority(); w.again != tt.again || len(w.observed.Remarks) > 0 != (tt.again > 0) {
			t.Errorf("%s: again in %v, %q", name, w.again, w.observed.Remarks)
		}
	}
}
