package grants

import (
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// waitingForServer is why a grant is not resolved before the server's state was looked at.
const waitingForServer = "the grant server is not ready yet"

// address is how this controller's grant server can be reached, and what to trust there.
type address struct {
	changed chan event.GenericEvent // of capacity 1: full while a change has not been taken notice of

	mu      sync.Mutex
	base    string // HOST:PORT
	ca      string // PEM
	problem string // why it cannot be reached; empty if it can
}

// set changes the address, and wakes whoever tells of it.
func (a *address) set(base, ca, problem string) {
	a.mu.Lock()
	same := a.base == base && a.ca == ca && a.problem == problem
	a.base, a.ca, a.problem = base, ca, problem
	a.mu.Unlock()
	if same {
		return
	}
	select {
	case a.changed <- event.GenericEvent{Object: &v2alpha1.AccessGrant{}}:
	default: // a change before this one is still to be taken notice of, and then this one is too
	}
}

// get is the address as last set.
func (a *address) get() (base, ca, problem string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.base, a.ca, a.problem
}
