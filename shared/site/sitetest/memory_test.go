package sitetest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/shared/site"
	"github.com/skupper-plugins/suite/shared/site/sitetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	sitetest.TestStore(t, func(*testing.T) site.Store { return sitetest.NewMemory() })
}
