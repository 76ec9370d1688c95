package faults

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/router/routertest"
)

func TestMain(m *testing.M) {
	if code, child := routertest.Child(); child {
		os.Exit(code)
	}
	flag.Parse()
	if err := flag.Set("test.parallel", "4"); err != nil { // tests wait most of the time
		panic(err)
	}
	goleak.VerifyTestMain(m)
}
