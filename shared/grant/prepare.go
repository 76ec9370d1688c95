package grant

import (
	"fmt"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/token"
)

// DefaultWindow is how long a grant can be redeemed that does not say.
const DefaultWindow = 15 * time.Minute

// Prepare fills into the status what a grant needs before it can be redeemed: its code, its end, and how often it was
// redeemed. Code and end, once there, stay whatever becomes of the spec: tokens with them are out. It gives the end, or what is
// wrong with the grant.
func Prepare(obj *v2alpha1.AccessGrant, now time.Time) (end time.Time, err error) {
	if obj.Status.Code == "" {
		if obj.Status.Code = obj.Spec.Code; obj.Status.Code == "" {
			obj.Status.Code = token.NewCode()
		}
	}
	if len(obj.Status.Code) > token.MaxCode {
		return end, fmt.Errorf("spec.code has %d octets, want %d or fewer", len(obj.Status.Code), token.MaxCode)
	}
	if obj.Spec.RedemptionsAllowed < 0 {
		return end, fmt.Errorf("spec.redemptionsAllowed is %d, want 1 or more", obj.Spec.RedemptionsAllowed)
	}
	if end, err = time.Parse(time.RFC3339, obj.Status.ExpirationTime); err != nil {
		window := DefaultWindow
		if text := obj.Spec.ExpirationWindow; text != "" {
			if window, err = time.ParseDuration(text); err != nil || window <= 0 {
				//nolint:staticcheck // matched on by others
				return end, fmt.Errorf("Invalid duration %q: spec.expirationWindow wants one such as 15m", text)
			}
		}
		end = now.Add(window).UTC().Truncate(time.Second)
		obj.Status.ExpirationTime = end.Format(time.RFC3339)
	}
	g, err := Of(obj)
	if err != nil {
		return end, err
	}
	obj.Status.Redemptions = g.Redeemed
	return end, nil
}
