//go:build e2e

package e2e

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/tests/loopback"
)

// Two hundred services, applied at once, on ports that were found free.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	const many = 200
	west := in(t, "west")
	west.do("site", "create", "west", "--enable-link-access")
	east := west.beside("east")
	east.do("site", "create", "east")
	east.do("token", "redeem", west.issue())
	echo := loopback.Echo(t)
	var connectors, listeners strings.Builder
	ports := loopback.FreePorts(t, many)
	for i := range many {
		port := ports[i]
		fmt.Fprintf(&listeners, "---\n%s", strings.Replace(listenerText("s"+strconv.Itoa(i), port), "routingKey: k", fmt.Sprintf("routingKey: k%d", i), 1))
		fmt.Fprintf(&connectors, "---\napiVersion: skupper.io/v2alpha1\nkind: Connector\nmetadata:\n  name: s%d\nspec:\n  host: 127.0.0.1\n  port: %d\n  routingKey: k%d\n", i, echo, i)
	}
	began := time.Now()
	west.do("system", "apply", "-f", write(t, filepath.Join(west.home.Dir, "c.yaml"), connectors.String()))
	east.do("system", "apply", "-f", write(t, filepath.Join(west.home.Dir, "l.yaml"), listeners.String()))
	east.shows(patience, `^[^\n]*\n(\S+ +Ready .*\n){`+strconv.Itoa(many)+`}$`, "listener", "status")
	t.Logf("%d services after %v", many, time.Since(began))
	for _, port := range ports {
		exchange(t, port)
	}
}
