package agent

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// state is what a namespace must have again after a restart.
type state struct {
	RouterSuffix string         `json:"routerSuffix"` // makes the router's id unique
	Ports        map[string]int `json:"ports,omitempty"`
	Ordinals     map[string]int `json:"ordinals,omitempty"` // by key pair: how often it was replaced

	adopted bool // the ports are those of a router that another tool has run
}

// adopt takes over the ports of a router's configuration that another tool has made, where there is no state yet: other sites may
// have links to them.
func (s *state) adopt(configFile string) {
	if s.Ports != nil {
		return
	}
	c, err := config.Load(configFile)
	if err != nil {
		return // there is none, or none that could have run
	}
	for i := range c.Listeners {
		if port, err := strconv.Atoi(c.Listeners[i].Port); err == nil && c.Listeners[i].Name != "" {
			if s.Ports == nil {
				s.Ports, s.adopted = map[string]int{}, true
			}
			s.Ports[c.Listeners[i].Name] = port
		}
	}
}

// readState reads the state of a namespace; one that has none yet gets a new one. A file that is not a state is an
// error and not overwritten: ports and names that others rely on would change.
func readState(path string) (state, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return state{RouterSuffix: newSuffix()}, nil
	}
	if err != nil {
		return state{}, fault.Wrap(fault.Failed, "read the state of the namespace", err, "")
	}
	var s state
	if err := json.Unmarshal(b, &s); err != nil || s.RouterSuffix == "" {
		return state{}, fault.New(fault.Failed, fmt.Sprintf("%s is not the state of a namespace", path), "remove it; ports may change")
	}
	return s, nil
}

func (s state) write(path string) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	_, err = atomicfile.WriteChanged(path, 0o644, append(b, '\n'))
	return err
}

// newSuffix is eight letters and digits at random.
func newSuffix() string {
	const letters = "bcdfghjklmnpqrstvwxz0123456789"
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program first
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)] // the small bias does not matter: it is no secret
	}
	return string(b)
}
