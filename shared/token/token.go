// Package token reads and writes token files: one AccessToken document that another site redeems, once or as often as
// it allows, for the credentials of a link. It also makes and compares the secret codes in them.
//
// The format is written down in shared/doc/token.md.
package token

import (
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Annotations of a token file. Other implementations pass over them; none of them is secret, none is trusted by the
// site that issued the token.
const (
	AnnotationExpires = "skupper.io/token-expires" // RFC 3339
	AnnotationUses    = "skupper.io/token-uses"    // a number, 1 or more
	AnnotationSite    = "skupper.io/token-site"    // name of the issuing site
)

// Mode is the permission of a token file: whoever reads it can use it.
const Mode = 0o600

// Token is the content of a token file.
type Token struct {
	Name string // of the token, and of the Secret and Link made from it
	URL  string // https://host:port/id: where it is redeemed
	Code string // the secret; never logged or printed
	CA   string // PEM: what alone is trusted at URL

	LinkCost int // cost of the links made from it; 0 leaves it to the default

	ExpiresAt time.Time // zero: not known
	Uses      int       // how often it can be redeemed in all; 0: not known
	Issuer    string    // name of the issuing site; empty: not known
}

// Expired tells whether the token says that it has expired. Of a token that says nothing it is false.
func (t Token) Expired(now time.Time) bool {
	return !t.ExpiresAt.IsZero() && !now.Before(t.ExpiresAt)
}

// String hides the code, so that a token that lands in a message or log does not give itself away.
func (t Token) String() string { return "token " + t.Name }

// GoString is String.
func (t Token) GoString() string { return t.String() }

// Object is the token as a resource.
func (t Token) Object() *v2alpha1.AccessToken {
	out := &v2alpha1.AccessToken{
		TypeMeta:   metav1.TypeMeta{APIVersion: v2alpha1.APIVersion, Kind: v2alpha1.KindAccessToken},
		ObjectMeta: metav1.ObjectMeta{Name: t.Name, Annotations: t.annotations()},
		Spec:       v2alpha1.AccessTokenSpec{URL: t.URL, Code: t.Code, CA: t.CA, LinkCost: t.LinkCost},
	}
	return out
}
