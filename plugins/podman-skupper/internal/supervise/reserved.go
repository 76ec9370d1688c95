package supervise

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Reserved says why a namespace can have no site: its unit would have the name of another program's. It is nil for all others.
func Reserved(namespace string) error {
	whose := map[string]string{"agent": "the agent's own", "controller": "that of Skupper's controller for local sites"}[namespace]
	if whose == "" {
		return nil
	}
	return fault.New(fault.Usage, fmt.Sprintf("namespace %q can have no site: its unit would be %s, which is %s", namespace, UnitName(namespace), whose), "use another --namespace")
}

// runsRouter tells whether there is a unit file for a namespace's router. For a reserved name what is there may be another
// program's; for the others it is a router's, whoever wrote it.
func (s *Systemd) runsRouter(namespace string) bool {
	text, err := os.ReadFile(filepath.Join(s.dir, UnitName(namespace)))
	return err == nil && (Reserved(namespace) == nil || bytes.Contains(text, []byte("="+RouterDescription(namespace))))
}

// RouterDescription is how the unit of a namespace's router is described.
func RouterDescription(namespace string) string { return "Skupper router of namespace " + namespace }
