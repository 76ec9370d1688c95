//go:build e2e

package e2e

import (
	"testing"

	"github.com/skupper-plugins/suite/tests/loopback"
)

// exchange sends something through a port and gets it back, within the time in which things heal.
func exchange(t *testing.T, port int) {
	t.Helper()
	if err := loopback.Carries(port, patience); err != nil {
		t.Fatal(err)
	}
}
