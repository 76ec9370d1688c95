package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// TLSVersions are the oldest and the newest protocol that the profile allows, as crypto/tls numbers them. The protocols of an sslProfile are names with
// spaces between, such as "TLSv1.2 TLSv1.3"; none means both of these. Older ones are not spoken, whether they are named or not.
func (p SSLProfile) TLSVersions() (oldest, newest uint16, err error) {
	names := strings.Fields(p.Protocols)
	if len(names) == 0 {
		return tls.VersionTLS12, tls.VersionTLS13, nil
	}
	for _, name := range names {
		version := uint16(0)
		switch name {
		case "TLSv1", "TLSv1.1":
			continue
		case "TLSv1.2":
			version = tls.VersionTLS12
		case "TLSv1.3":
			version = tls.VersionTLS13
		default:
			return 0, 0, fmt.Errorf("protocols has %q, want TLSv1.2 or TLSv1.3", name)
		}
		if oldest == 0 || version < oldest {
			oldest = version
		}
		newest = max(newest, version)
	}
	if oldest == 0 {
		return 0, 0, errors.New("protocols has neither TLSv1.2 nor TLSv1.3, and older ones are not spoken")
	}
	return oldest, newest, nil
}

// WithoutEffect are the attributes of the profile that are given and not obeyed: whoever gave them should hear of it.
func (p SSLProfile) WithoutEffect() (names []string) {
	for name, value := range map[string]string{"ciphers": p.Ciphers, "password": p.Password, "uidFormat": p.UIDFormat, "uidNameMappingFile": p.UIDNameMappingFile} {
		if value != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
