package adaptor

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rs/zerolog"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// answers is an API server with one Deployment and the pods that it is told of.
type answers struct {
	replicas int32 // less than none: no Deployment
	pods     func(asked int) []corev1.Pod
	asked    atomic.Int64
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	var out any
	switch {
	case strings.Contains(r.URL.Path, "/pods"):
		out = corev1.PodList{TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, Items: a.pods(int(a.asked.Add(1)))}
	case a.replicas < 0:
		w.WriteHeader(http.StatusNotFound)
		out = metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Reason: metav1.StatusReasonNotFound, Code: 404}
	default:
		out = appsv1.Deployment{TypeMeta: metav1.TypeMeta{Kind: "Deployment", APIVersion: "apps/v1"}, Spec: appsv1.DeploymentSpec{Replicas: &a.replicas}}
	}
	_ = json.NewEncoder(w).Encode(out) // who does not read it has gone
}

func routerPod(name string, ready, leaving bool) corev1.Pod {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse}}; ready {
		p.Status.Conditions[0].Status = corev1.ConditionTrue
	}
	if leaving {
		now := metav1.Now()
		p.DeletionTimestamp = &now
	}
	return p
}

func TestDrain(t *testing.T) {
	self := routerPod("self", true, true)
	for name, test := range map[string]struct {
		replicas int32
		pods     func(asked int) []corev1.Pod
		asked    int64 // how often for the pods
	}{
		"the site is gone":     {-1, nil, 0},
		"no router is to run":  {0, nil, 0},
		"a successor is ready": {1, func(int) []corev1.Pod { return []corev1.Pod{self, routerPod("next", true, false)} }, 1},
		"a successor is starting": {1, func(asked int) []corev1.Pod {
			return []corev1.Pod{self, routerPod("former", true, true), routerPod("next", asked > 2, false)}
		}, 3},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			a := &answers{replicas: test.replicas, pods: test.pods}
			server := httptest.NewServer(a)
			defer server.Close()
			conf := &rest.Config{Host: server.URL}
			api, err := connect(conf, "test")
			if err != nil {
				t.Fatal(err)
			}
			d := newDrain(Options{Namespace: "west", Deployment: "skupper-router", RouterConfig: "skupper-router", Identity: "self", Log: zerolog.Nop()}, api)
			w := httptest.NewRecorder()
			d.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/drain", nil))
			if w.Code != http.StatusOK || a.asked.Load() != test.asked {
				t.Errorf("%d after asking %d times, want %d", w.Code, a.asked.Load(), test.asked)
			}
		})
	}
}
