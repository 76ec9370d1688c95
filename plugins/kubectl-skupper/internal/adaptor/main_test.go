package adaptor

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/router/routertest"
)

// TestMain lets the test's program be a router that can be killed.
func TestMain(m *testing.M) {
	if code, child := routertest.Child(); child {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}
