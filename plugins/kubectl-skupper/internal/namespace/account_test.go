package namespace

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

func TestRenew(t *testing.T) {
	at := func(seconds int64) metav1.Time { return metav1.NewTime(time.Unix(1e9+seconds, 0)) }
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{UID: "new", CreationTimestamp: at(10)}}
	router := func(seconds int64, group string) *corev1.Pod {
		return aPod(func(p *corev1.Pod) {
			p.CreationTimestamp = at(seconds)
			p.Labels = map[string]string{names.Component: names.ComponentRouter, names.Type: names.TypeSite, names.Group: group}
		})
	}
	gone := router(9, names.Router)
	now := at(11)
	gone.DeletionTimestamp = &now
	for name, c := range map[string]struct {
		live    string // its mark
		account *corev1.ServiceAccount
		pod     *corev1.Pod
		want    string
	}{
		"younger":          {"", account, router(10, names.Router), ""},
		"older":            {"", account, router(9, names.Router), "new"},
		"older-again":      {"old", account, router(9, names.Router), "new"},
		"replaced":         {"new", account, router(11, names.Router), "new"},
		"kept":             {"old", account, router(11, names.Router), "old"},
		"going":            {"", account, gone, ""},
		"other-group":      {"", account, router(9, names.SecondRouter), ""},
		"other-pod":        {"", account, aPod(func(p *corev1.Pod) { p.CreationTimestamp = at(9) }), ""},
		"account-of-users": {"", nil, router(9, names.Router), ""},
	} {
		deployment := func(mark string) *appsv1.Deployment {
			d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: names.Router}}
			d.Spec.Template.Annotations = map[string]string{}
			if mark != "" {
				d.Spec.Template.Annotations[names.Account] = mark
			}
			return d
		}
		wanted := deployment("")
		renew(wanted, deployment(c.live), c.account, []*corev1.Pod{c.pod})
		if got := wanted.Spec.Template.Annotations[names.Account]; got != c.want {
			t.Errorf("%s: marked %q, want %q", name, got, c.want)
		}
	}
	fresh := &appsv1.Deployment{}
	renew(fresh, nil, account, []*corev1.Pod{router(9, "")}) // of a Deployment that was deleted: the new one's pod is new anyway
	if len(fresh.Spec.Template.Annotations) != 0 {
		t.Error(fresh.Spec.Template.Annotations)
	}
}
