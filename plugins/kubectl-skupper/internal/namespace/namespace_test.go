package namespace

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/multierr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// aPod starts ready and changes one thing.
func aPod(change func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", UID: "u", Labels: map[string]string{"app": "web"}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, PodIP: "10.0.0.1", Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}}
	if change != nil {
		change(p)
	}
	return p
}

func TestTargets(t *testing.T) {
	now := metav1.Now()
	notReady := func(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse }
	for name, c := range map[string]struct {
		change   func(*corev1.Pod)
		selector string
		include  bool
		want     int
	}{
		"ready":              {nil, "app=web", false, 1},
		"other-label":        {nil, "app=db", false, 0},
		"set-based":          {nil, "app in (web,db)", false, 1},
		"no-selector":        {nil, "", false, 0},
		"bad-selector":       {nil, "app==(", false, 0},
		"not-ready":          {notReady, "app=web", false, 0},
		"not-ready-included": {notReady, "app=web", true, 1},
		"terminating":        {func(p *corev1.Pod) { p.DeletionTimestamp = &now }, "app=web", true, 0},
		"pending":            {func(p *corev1.Pod) { p.Status.Phase = corev1.PodPending }, "app=web", true, 0},
		"no-address":         {func(p *corev1.Pod) { p.Status.PodIP = "" }, "app=web", true, 0},
	} {
		if got := targets([]*corev1.Pod{aPod(c.change)}, c.selector, c.include); len(got) != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	got := targets([]*corev1.Pod{aPod(func(p *corev1.Pod) { p.Name = "b" }), aPod(nil)}, "app=web", false)
	if len(got) != 2 || got[0] != (site.Target{Name: "b", IP: "10.0.0.1", UID: "u"}) {
		t.Errorf("got %v", got)
	}
}

func TestRunning(t *testing.T) {
	router := func(p *corev1.Pod) {
		p.Labels = map[string]string{names.Component: names.ComponentRouter, names.Type: names.TypeSite}
	}
	down := func(p *corev1.Pod) { router(p); p.Status.Conditions[0].Status = corev1.ConditionFalse }
	why := func(p *corev1.Pod) { down(p); p.Status.Conditions[0].Message = "no image" }
	waits := func(reason, message string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			why(p)
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "init", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}},
				LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 7, Reason: "Error"}}}}
		}
	}
	long := strings.Repeat("é", 1000)
	for name, c := range map[string]struct {
		pods []*corev1.Pod
		ok   bool
		why  string
	}{
		"starts":      {[]*corev1.Pod{aPod(waits("PodInitializing", ""))}, false, "no image"},
		"pull":        {[]*corev1.Pod{aPod(waits("ImagePullBackOff", "no such host"))}, false, "container init: ImagePullBackOff: no such host"},
		"crash":       {[]*corev1.Pod{aPod(waits("CrashLoopBackOff", "back-off 10s"))}, false, "container init ends again and again, with code 7 (Error)"},
		"config":      {[]*corev1.Pod{aPod(waits("CreateContainerConfigError", ""))}, false, "container init: CreateContainerConfigError"},
		"long":        {[]*corev1.Pod{aPod(waits("ErrImagePull", long))}, false, "container init: ErrImagePull: " + long[:300] + "…"},
		"none":        {nil, false, ""},
		"no-router":   {[]*corev1.Pod{aPod(nil)}, false, ""},
		"ready":       {[]*corev1.Pod{aPod(router)}, true, ""},
		"one-of-two":  {[]*corev1.Pod{aPod(down), aPod(router)}, true, ""},
		"not-ready":   {[]*corev1.Pod{aPod(down)}, false, "Pod p not ready"},
		"with-reason": {[]*corev1.Pod{aPod(why)}, false, "no image"},
	} {
		if ok, reason := running(c.pods); ok != c.ok || reason != c.why {
			t.Errorf("%s: got %v %q", name, ok, reason)
		}
	}
}

func TestPodChanged(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*corev1.Pod)
		want   bool
	}{
		"nothing":   {func(p *corev1.Pod) { p.ResourceVersion = "2" }, false},
		"readiness": {func(p *corev1.Pod) { p.Status.Conditions = nil }, true},
		"address":   {func(p *corev1.Pod) { p.Status.PodIP = "10.0.0.2" }, true},
		"labels":    {func(p *corev1.Pod) { p.Labels = nil }, true},
	} {
		if got := podChanged(aPod(nil), aPod(c.change)); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestCovers(t *testing.T) {
	is := map[string]any{"a": int64(1), "b": map[string]any{"c": "x", "d": "default"}, "l": []any{map[string]any{"name": "n", "v": "1", "extra": true}, map[string]any{"name": "injected"}}}
	for name, c := range map[string]struct {
		want map[string]any
		ok   bool
	}{
		"same":         {is, true},
		"part":         {map[string]any{"b": map[string]any{"c": "x"}}, true},
		"number-kinds": {map[string]any{"a": float64(1)}, true},
		"empty":        {map[string]any{"b": map[string]any{}}, true},
		"empty-absent": {map[string]any{"z": map[string]any{}}, true},
		"list":         {map[string]any{"l": []any{map[string]any{"name": "n", "v": "1"}}}, true},
		"other-value":  {map[string]any{"a": int64(2)}, false},
		"missing":      {map[string]any{"z": "1"}, false},
		"list-missing": {map[string]any{"l": []any{map[string]any{"name": "m"}}}, false},
		"list-changed": {map[string]any{"l": []any{map[string]any{"name": "n", "v": "2"}}}, false},
	} {
		if got := covers(is, c.want); got != c.ok {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestAdopt(t *testing.T) {
	ref := func(kind, uid string) metav1.OwnerReference {
		return metav1.OwnerReference{APIVersion: v2alpha1.APIVersion, Kind: kind, Name: "x", UID: types.UID(uid)}
	}
	wanted := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"a": "1"}, OwnerReferences: []metav1.OwnerReference{ref("Site", "new")}}}
	live := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"b": "2"}, OwnerReferences: []metav1.OwnerReference{ref("Site", "old"), ref("Other", "o")}}}
	if !adopt(live, wanted) {
		t.Error("nothing changed")
	}
	if live.Labels["a"] != "1" || live.Labels["b"] != "2" || len(live.OwnerReferences) != 2 || live.OwnerReferences[1].UID != "new" || live.OwnerReferences[0].Kind != "Other" {
		t.Errorf("got %+v", live.ObjectMeta)
	}
	if adopt(live, wanted) {
		t.Error("changed again")
	}
}

// TestOrdinals follows a secret from its first use over its replacement.
func TestOrdinals(t *testing.T) {
	secret := func(content, context string) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s", Annotations: map[string]string{names.TLSProfileContext: context}},
			Data: map[string][]byte{"tls.crt": []byte(content)}}
	}
	known := fmt.Sprintf(`{"s":%q}`, digest(secret("one", "")))
	at := func(n int) *config.Config {
		return &config.Config{SSLProfiles: []config.SSLProfile{{Name: "s-profile", Ordinal: n}}}
	}
	for name, c := range map[string]struct {
		old     *config.Config
		known   string
		content string
		context string
		want    int
	}{
		"first":                 {&config.Config{}, "", "one", "", 0},
		"same":                  {at(3), known, "one", "", 3},
		"replaced":              {at(3), known, "two", "", 4},
		"replaced-and-marked":   {at(3), known, "two", `[{"profileName":"s","ordinal":4}]`, 4},
		"of-another-controller": {at(3), "", "two", `[{"profileName":"s","ordinal":3}]`, 3},
		"configuration-lost":    {&config.Config{}, "", "one", `[{"profileName":"s","ordinal":5}]`, 5},
		"damaged":               {at(3), "{", "one", "[", 3},
	} {
		w := &world{secrets: map[string]*corev1.Secret{"s": secret(c.content, c.context)}}
		w.resources.Ordinals = map[string]int{}
		w.ordinals(c.old, c.known)
		if got := w.resources.Ordinals["s"]; got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

func TestSettle(t *testing.T) {
	gr := schema.GroupResource{Resource: "configmaps"}
	conflict := fmt.Errorf("update: %w", apierrors.NewConflict(gr, "a", errors.New("x")))
	exists := apierrors.NewAlreadyExists(gr, "a")
	terminating := apierrors.NewForbidden(gr, "a", errors.New("x"))
	terminating.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	for name, c := range map[string]struct {
		err   error
		after time.Duration
		fails bool
	}{
		"nothing":     {nil, 0, false},
		"conflict":    {multierr.Combine(conflict, exists), behind, false},
		"gone":        {fmt.Errorf("update: %w", apierrors.NewNotFound(gr, "a")), behind, false},
		"no-kind":     {multierr.Combine(conflict, creation{fmt.Errorf("create: %w", apierrors.NewNotFound(gr, ""))}), 0, true},
		"made-before": {creation{fmt.Errorf("create: %w", exists)}, behind, false},
		"trouble":     {multierr.Combine(conflict, errors.New("x")), 0, true},
		"terminating": {terminating, 0, false},
		"forbidden":   {apierrors.NewForbidden(gr, "a", errors.New("x")), 0, true},
	} {
		r, err := settle(t.Context(), c.err)
		if r.RequeueAfter != c.after || (err != nil) != c.fails {
			t.Errorf("%s: got %v, %v", name, r, err)
		}
	}
}
