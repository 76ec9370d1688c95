//go:build kube

package kubetest

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// quiet is how long a controller has to do what it must not do.
const quiet = 2 * time.Second

// TestRefusedTokenIsNotTriedAgain has tokens that their site refuses for good: neither time, nor changes around them, nor another
// controller have them claimed again, but a change of the token does.
func TestRefusedTokenIsNotTriedAgain(t *testing.T) {
	for _, tt := range []struct {
		name string
		code int
		body string
	}{
		{"used-up", 404, "No such access granted"},
		{"wrong-code", 403, "Redemption of access token refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var good atomic.Bool
			var f *foreign
			f = newForeign(t, 0, func(w http.ResponseWriter, r *http.Request) {
				if good.Load() {
					f.grant(w, r.Header.Get("name"), r.Header.Get("subject"))
					return
				}
				http.Error(w, tt.body, tt.code)
			})
			s := separate(false)
			stop := start(t, s)
			ns := newNamespace(t, s.Prefix)
			newSite(t, ns)
			create(t, f.token(ns, "tok"))
			got := await(t, &v2alpha1.AccessToken{}, ns, "tok", failed)
			if !strings.Contains(got.Status.Message, "not tried again") || !strings.Contains(got.Status.Message, tt.body) {
				t.Errorf("message %q", got.Status.Message)
			}
			touch := func(n int) {
				change(t, &v2alpha1.Site{}, ns, "site", func(s *v2alpha1.Site) { s.Annotations = map[string]string{"n": fmt.Sprint(n)} })
			}
			touch(1)
			stop()
			again := s
			again.Grants.Port = freePort()
			start(t, again)
			for i := range 3 {
				touch(2 + i)
				time.Sleep(quiet / 3)
			}
			if n := f.claims.Load(); n != 1 {
				t.Errorf("%d claims", n)
			}
			good.Store(true)
			change(t, &v2alpha1.AccessToken{}, ns, "tok", func(a *v2alpha1.AccessToken) { a.Spec.Code = "bbbbbbbbbbbbbbbbbbbbbbbb" })
			await(t, &v2alpha1.AccessToken{}, ns, "tok", redeemed)
			if n := f.claims.Load(); n != 2 {
				t.Errorf("%d claims", n)
			}
		})
	}
}

// TestUnusableTokenIsRepaired has one that is wrong in itself until somebody sets it right.
func TestUnusableTokenIsRepaired(t *testing.T) {
	f := newForeign(t, 0, nil)
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	tok := f.token(ns, "tok")
	tok.Spec.CA = " "
	create(t, tok)
	await(t, &v2alpha1.AccessToken{}, ns, "tok", failed)
	// What somebody makes of the status is put right: it is not what decides.
	changeStatus(t, &v2alpha1.AccessToken{}, ns, "tok", func(a *v2alpha1.AccessToken) { a.Status.Conditions = nil })
	change(t, &v2alpha1.Site{}, ns, "site", func(s *v2alpha1.Site) { s.Annotations = map[string]string{"n": "1"} })
	await(t, &v2alpha1.AccessToken{}, ns, "tok", func(a *v2alpha1.AccessToken) bool { return a.Status.Condition("Redeemed") != nil })
	change(t, &v2alpha1.AccessToken{}, ns, "tok", func(a *v2alpha1.AccessToken) { a.Spec.CA = string(f.ca.Cert) })
	await(t, &v2alpha1.AccessToken{}, ns, "tok", redeemed)
}

// TestUnknownTokenIsTriedAgain has a server that does not know a grant yet: the token stays good.
func TestUnknownTokenIsTriedAgain(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	var f *foreign
	f = newForeign(t, 0, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) < 2 {
			http.Error(w, "No such claim", http.StatusNotFound)
			return
		}
		f.grant(w, r.Header.Get("name"), r.Header.Get("subject"))
	})
	s := separate(false)
	stop := start(t, s)
	ns := newNamespace(t, s.Prefix)
	newSite(t, ns)
	create(t, f.token(ns, "tok"))
	if got := await(t, &v2alpha1.AccessToken{}, ns, "tok", failed); strings.Contains(got.Status.Message, "not tried again") {
		t.Errorf("message %q", got.Status.Message)
	}
	stop() // the pause is long: another controller does not know of it
	s.Grants.Port = freePort()
	start(t, s)
	await(t, &v2alpha1.AccessToken{}, ns, "tok", redeemed)
}

// TestTokenIsTriedAgainAfterTrouble has a server that is in trouble: that is not final.
func TestTokenIsTriedAgainAfterTrouble(t *testing.T) {
	var n atomic.Int64
	var f *foreign
	f = newForeign(t, 0, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) < 3 {
			http.Error(w, "Internal error", http.StatusServiceUnavailable)
			return
		}
		f.grant(w, r.Header.Get("name"), r.Header.Get("subject"))
	})
	ns := newNamespace(t, base.Prefix)
	newSite(t, ns)
	create(t, f.token(ns, "tok"))
	await(t, &v2alpha1.AccessToken{}, ns, "tok", redeemed)
}
