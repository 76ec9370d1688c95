package router

import (
	"fmt"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/transport"
	"github.com/skupper-plugins/suite/router/internal/vanflow"
)

// profile is an sslProfile with what is loaded of it.
type profile struct {
	cfg config.SSLProfile
	tls *transport.Profile
}

func (r *Router) newProfile(e config.SSLProfile) (*profile, error) {
	oldest, newest, err := e.TLSVersions()
	if err != nil {
		return nil, fmt.Errorf("sslProfile %q: %w", e.Name, err)
	}
	for _, name := range e.WithoutEffect() {
		r.log.Warn().Str("sslProfile", e.Name).Str("attribute", name).Msg("this attribute has no effect here")
	}
	return &profile{cfg: e, tls: &transport.Profile{Name: e.Name, CAFile: e.CACertFile, CertFile: e.CertFile, KeyFile: e.PrivateKeyFile, Oldest: oldest, Newest: newest}}, nil
}

// ordinal is the ordinal of a profile's certificates. r.mu is held.
func (r *Router) ordinal(name string) uint64 {
	if p := r.profiles[name]; p != nil {
		return uint64(p.cfg.Ordinal)
	}
	return 0
}

// changeProfile takes an update of a profile. New connections use the files as they are now; those to other routers are made again when the ordinal has
// grown, and take the place of what is there without a gap; what is older than the oldest valid ordinal is closed. A profile that cannot be changes nothing. r.mu is held.
func (r *Router) changeProfile(e config.SSLProfile) error {
	old := r.profiles[e.Name]
	p, err := r.newProfile(e)
	if err != nil {
		return err
	}
	r.profiles[e.Name] = p
	if e.Ordinal > old.cfg.Ordinal {
		for _, name := range sortedNames(r.connectors) {
			if c := r.connectors[name]; c.cfg.SSLProfile == e.Name {
				c.rotate(uint64(e.Ordinal))
			}
		}
		for _, name := range sortedNames(r.listeners) {
			if l := r.listeners[name]; l.cfg.SSLProfile == e.Name {
				l.flows.update(func(v *vanflow.Record) { v.Number(vanflow.TLSOrdinal, uint64(e.Ordinal)) })
			}
		}
	}
	if e.OldestValidOrdinal > old.cfg.OldestValidOrdinal {
		r.core.Expire(e.Name, uint64(e.OldestValidOrdinal))
	}
	return nil
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
