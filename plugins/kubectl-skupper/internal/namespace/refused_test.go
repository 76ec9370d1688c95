package namespace

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// TestTrouble goes through passes of which none went well.
func TestTrouble(t *testing.T) {
	gr := schema.GroupResource{Resource: "services"}
	forbidden := func(why string) error { return creation{apierrors.NewForbidden(gr, "a", errors.New(why))} }
	webhook := func(why string) error {
		return fmt.Errorf("create: %w", apierrors.NewInternalError(errors.New(why)))
	}
	conflict := apierrors.NewConflict(gr, "a", errors.New("x"))
	terminating := apierrors.NewForbidden(gr, "a", errors.New("x"))
	terminating.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	db, web, theSite := teller{host: "db"}, teller{host: "web"}, teller{uid: "u"}
	type pass struct {
		at     time.Duration
		faults map[teller][]error
		says   map[teller]string // parts of what is told; nobody else tells anything
	}
	for name, passes := range map[string][]pass{
		"well":        {{0, nil, nil}},
		"refused":     {{0, map[teller][]error{db: {forbidden("quota")}}, map[teller]string{db: "quota"}}, {time.Second, nil, nil}},
		"no-kind":     {{0, map[teller][]error{theSite: {creation{apierrors.NewNotFound(gr, "a")}}}, map[teller]string{theSite: "not found"}}},
		"behind":      {{0, map[teller][]error{db: {conflict}, web: {apierrors.NewNotFound(gr, "a")}}, nil}},
		"terminating": {{0, map[teller][]error{theSite: {terminating}}, nil}},
		"nobodys":     {{0, map[teller][]error{{}: {forbidden("x")}}, nil}},
		"not-tried-again": {
			{0, map[teller][]error{db: {forbidden("quota")}, web: {forbidden("name")}}, map[teller]string{db: "quota", web: "name"}},
			{1, map[teller][]error{theSite: {conflict}}, map[teller]string{db: "quota", web: "name"}},
			{2, map[teller][]error{web: {forbidden("name")}}, map[teller]string{web: "name"}},
		},
		"passes": {{0, map[teller][]error{db: {webhook("down")}}, nil}, {passing - 1, map[teller][]error{db: {errors.New("no route")}}, nil}, {passing, nil, nil},
			{passing + 1, map[teller][]error{db: {webhook("down")}}, nil}},
		"does-not-pass": {{0, map[teller][]error{db: {webhook("port 1")}}, nil}, {passing, map[teller][]error{db: {webhook("port 2")}}, map[teller]string{db: "port 2"}},
			{passing + 1, map[teller][]error{db: {webhook("port 3")}}, map[teller]string{db: "port 2"}}},
		"of-both-kinds": {
			{0, map[teller][]error{theSite: {webhook("a"), forbidden("quota")}}, map[teller]string{theSite: "quota"}},
			{passing, map[teller][]error{theSite: {webhook("c"), forbidden("quota")}}, map[teller]string{theSite: "quota"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var tr trouble
			for i, p := range passes {
				var f failures
				for by, errs := range p.faults {
					for _, err := range errs {
						f.note(by, err)
					}
				}
				got := tr.tell(time.Unix(1e9, 0).Add(p.at), &f)
				if len(got) != len(p.says) {
					t.Errorf("%d: %v, want %v", i, got, p.says)
				}
				for by, want := range p.says {
					if got[by] == nil || strings.Count(got[by].Error(), want) != 1 {
						t.Errorf("%d: %+v tells %v, want %q", i, by, got[by], want)
					}
				}
			}
		})
	}
}
