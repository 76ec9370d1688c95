package claims

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/grant/redeem"
	"github.com/skupper-plugins/suite/shared/token"
)

// What is said in the status of a token begins with words that tools and people know; what we know better follows them.

// read is the token of a resource, or what is wrong with it.
func read(obj *v2alpha1.AccessToken) (t token.Token, err error) {
	defer func() {
		if err != nil {
			err = unusable{err}
		}
	}()
	if strings.TrimSpace(obj.Spec.CA) == "" {
		return token.Token{}, errors.New("token does not have a CA")
	}
	u, err := url.Parse(obj.Spec.URL)
	if err != nil {
		var inner *url.Error
		if errors.As(err, &inner) {
			err = inner.Err // without the text again, which may be long
		}
		return token.Token{}, fmt.Errorf("could not parse token url: %w", err)
	}
	if u.Scheme != "https" {
		return token.Token{}, errors.New("token url scheme must be https")
	}
	return token.Of(obj)
}

// explain is the failure of an exchange in words for the status.
func explain(err error) error {
	var f *redeem.Failure
	switch {
	case !errors.As(err, &f) || f.Status == 0:
		return fmt.Errorf("Controller got error: %w", err) //nolint:staticcheck // matched on by others
	case f.Status == http.StatusOK:
		return fmt.Errorf("Controller could not decode response: %w", err) //nolint:staticcheck // matched on by others
	}
	//nolint:staticcheck // matched on by others
	return fmt.Errorf("Controller got failed response: %d (%s) %s: %w", f.Status, http.StatusText(f.Status), f.Body, f)
}

// notAgain is behind the message of a token that is not tried again.
const notAgain = "; it is not tried again until the token is changed: delete it, and redeem a new one"

// storing is the failure to create what came for a token.
func storing(kind string, err error) error {
	return fmt.Errorf("Controller could not create received %s: %w", strings.ToLower(kind), err) //nolint:staticcheck // matched on by others
}
