package router

import (
	"fmt"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/transport"
)

// profile is an sslProfile with what is loaded of it.
type profile struct {
	cfg config.SSLProfile
	tls *transport.Profile
}

func newProfile(e config.SSLProfile) *profile {
	return &profile{cfg: e, tls: &transport.Profile{Name: e.Name, CAFile: e.CACertFile, CertFile: e.CertFile, KeyFile: e.PrivateKeyFile}}
}

// profile finds a profile by name; "" is none.
func (r *Router) profile(name string) (*transport.Profile, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // no profile is wanted
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.profiles[name]; p != nil {
		return p.tls, nil
	}
	return nil, fmt.Errorf("there is no sslProfile %q", name)
}
