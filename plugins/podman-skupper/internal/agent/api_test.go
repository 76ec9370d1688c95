package agent

import (
	"errors"
	"testing"

	"github.com/skupper-plugins/suite/shared/fault"
)

// What several steps of a pass have met is said once.
func TestReportSaysItOnce(t *testing.T) {
	gone := fault.New(fault.Engine, "nobody answers", "start it")
	for _, tt := range []struct {
		err  error
		want string
	}{
		{gone, "nobody answers"},
		{errors.Join(gone, gone), "nobody answers"},
		{errors.Join(gone, errors.New("no room"), gone), "nobody answers\nno room"},
	} {
		var rep Report
		rep.fail(tt.err)
		if err := rep.Err(); err == nil || err.Error() != tt.want || !fault.Is(err, fault.Engine) || fault.Hint(err) != "start it" {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}
