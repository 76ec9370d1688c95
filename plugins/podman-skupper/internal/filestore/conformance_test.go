package filestore

import (
	"testing"

	"github.com/skupper-plugins/suite/shared/site"
	"github.com/skupper-plugins/suite/shared/site/sitetest"
)

func TestConformance(t *testing.T) {
	sitetest.TestStore(t, func(t *testing.T) site.Store { return newStore(t) })
}
