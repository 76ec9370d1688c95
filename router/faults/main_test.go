package faults

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/router/routertest"
)

func TestMain(m *testing.M) {
	if code, child := routertest.Child(); child {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}
