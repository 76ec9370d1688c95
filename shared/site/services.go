package site

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/skupper-plugins/suite/shared/validate"
)

// serviceName says why no service for listeners can have a name.
func (p *planner) serviceName(host string) error {
	if err := validate.Label(host); err != nil {
		return fmt.Errorf("spec.host becomes the name of a service: %w", err)
	}
	taken := slices.Contains(p.in.TakenHosts, host) || host == RouterGroup+"-local"
	for _, sa := range p.out.SecuredAccesses { // they have services of their names, if not yet then soon
		taken = taken || sa.Name == host
	}
	if taken {
		return fmt.Errorf("Service %s already exists in namespace", host) //nolint:staticcheck // matched on by others
	}
	return nil
}

// maxPortName is how long the name of a service's port may be, in octets.
const maxPortName = 63

// servicePort is the name of a service's port for a listener: the listener's, if it may be one.
func servicePort(name string) string {
	if validate.Label(name) == nil {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	end := "-" + hex.EncodeToString(sum[:4])
	plain := strings.ReplaceAll(name, ".", "-")
	return plain[:min(len(plain), maxPortName-len(end))] + end
}
