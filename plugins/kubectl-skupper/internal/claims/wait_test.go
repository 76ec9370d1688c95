package claims

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/grant/redeem"
)

// TestWhatIsFinal is about which answers disable a token for ever, and how long to wait after the others.
func TestWhatIsFinal(t *testing.T) {
	answer := func(cause grant.Cause, status int, body string) error {
		return fmt.Errorf("claim: %w", &redeem.Failure{Cause: cause, Status: status, Body: body, Final: cause.Final()})
	}
	for name, tt := range map[string]struct {
		err   error
		final bool
		first time.Duration
	}{
		"expired":         {answer(grant.Expired, 404, ""), true, longWait},
		"used-up":         {answer(grant.UsedUp, 404, ""), true, longWait},
		"refused":         {answer(grant.Refused, 403, "Redemption of access token refused"), true, longWait},
		"refused-by-some": {answer(grant.Refused, 403, "Forbidden"), false, longWait},
		"unknown":         {answer(grant.Unknown, 404, "No such claim"), false, longWait},
		"no-answer":       {answer(grant.Expired, 0, ""), false, longWait},
		"busy":            {answer(grant.Busy, 503, ""), false, firstWait},
		"unusable":        {unusable{errors.New("no CA")}, true, firstWait},
	} {
		if got := final(tt.err); got != tt.final {
			t.Errorf("%s: final %v", name, got)
		}
		if got := pause(tt.err, 1); got != tt.first {
			t.Errorf("%s: first pause %v", name, got)
		}
	}
	if got := pause(answer(grant.Unknown, 404, ""), 99); got != mostLong {
		t.Errorf("longest pause %v", got)
	}
}
