package certificates

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

func want(owner types.UID, subject string, hosts ...string) Want {
	return Want{Name: "skupper-site-server", CA: "ca", Subject: subject, Hosts: hosts, Server: true,
		Owners: []metav1.OwnerReference{{Kind: "SecuredAccess", Name: string(owner), UID: owner}}}
}

func TestOwnersShare(t *testing.T) {
	c := &v2alpha1.Certificate{}
	want("a", "first", "b", "a", "b").apply(c)
	if got := c.Annotations[names.Hosts+"-a"]; got != "a,b" || c.Spec.Subject != "first" || len(c.OwnerReferences) != 1 {
		t.Errorf("one owner: %q, %+v", got, c)
	}
	want("b", "second", "c", "a").apply(c)
	if !slices.Equal(c.Spec.Hosts, []string{"a", "b", "c"}) || c.Spec.Subject != "first" || len(c.OwnerReferences) != 2 {
		t.Errorf("two owners: %+v, %v", c.Spec, c.OwnerReferences)
	}
	before := c.DeepCopy()
	want("a", "first", "a", "b").apply(c)
	if !slices.Equal(c.Spec.Hosts, before.Spec.Hosts) {
		t.Errorf("the same again: %v", c.Spec.Hosts)
	}
	want("a", "third", "a").apply(c) // b is the first's alone
	if !slices.Equal(c.Spec.Hosts, []string{"a", "c"}) || c.Spec.Subject != "first" {
		t.Errorf("a host less: %+v", c.Spec)
	}
	c.OwnerReferences = slices.DeleteFunc(c.OwnerReferences, func(r metav1.OwnerReference) bool { return r.UID == "b" })
	want("a", "third", "a").apply(c)
	if _, there := c.Annotations[names.Hosts+"-b"]; there || !slices.Equal(c.Spec.Hosts, []string{"a"}) || c.Spec.Subject != "third" {
		t.Errorf("an owner is gone: %+v, %v", c.Spec, c.Annotations)
	}
}

// What another controller wrote, with a space behind the comma, is read too.
func TestHostsOfOtherControllers(t *testing.T) {
	c := &v2alpha1.Certificate{ObjectMeta: metav1.ObjectMeta{
		Annotations:     map[string]string{names.Hosts + "-x": "h1, h2"},
		OwnerReferences: []metav1.OwnerReference{{UID: "x"}},
	}, Spec: v2alpha1.CertificateSpec{Hosts: []string{"h2", "h1"}}}
	want("x", "s", "h2", "h1").apply(c)
	if !slices.Equal(c.Spec.Hosts, []string{"h2", "h1"}) {
		t.Errorf("the order was changed for nothing: %v", c.Spec.Hosts)
	}
}

func TestNobodysCertificate(t *testing.T) {
	c := &v2alpha1.Certificate{}
	Want{Subject: "s", Hosts: []string{"h"}}.apply(c)
	if len(c.OwnerReferences) != 0 || !slices.Equal(c.Spec.Hosts, []string{"h"}) {
		t.Errorf("got %+v", c)
	}
}

// TestRefused has Certificates that are somebody else's: two that want different things of one would take turns without end.
func TestRefused(t *testing.T) {
	owned := func(ca string, signing bool, owners ...metav1.OwnerReference) *v2alpha1.Certificate {
		return &v2alpha1.Certificate{ObjectMeta: metav1.ObjectMeta{OwnerReferences: owners}, Spec: v2alpha1.CertificateSpec{CA: ca, Signing: signing}}
	}
	site := metav1.OwnerReference{Kind: "Site", Name: "west", UID: "s"}
	a, b := want("a", "").Owners[0], want("b", "").Owners[0]
	for name, tt := range map[string]struct {
		c    *v2alpha1.Certificate
		want string
	}{
		"mine":                 {owned("old", false, a), ""},
		"shared":               {owned("ca", false, b, a), ""},
		"first":                {owned("old", false, a, b), ""}, // the site has another issuer now: it is the first one to change
		"nobody's":             {owned("old", false), ""},
		"other-authority":      {owned("old", false, b), "signed by \"old\" for SecuredAccess b, not by \"ca\""},
		"the-second-of-owners": {owned("old", false, b, a), "the same issuer"},
		"of-the-site":          {owned("ca", false, site), "what site west has for itself"},
		"authority":            {owned("", true, a), "is an authority"},
		"authority-of-site":    {owned("", true, a, site), "what site west"},
	} {
		err := want("a", "s").refused(tt.c)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
