package adaptor

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/skupper-plugins/suite/router/config"
)

// match finds the credentials for the profiles of a configuration: the Secret with the highest ordinal.
type match struct {
	secret  string
	ordinal uint64
	files   map[string][]byte
}

func matches(secrets map[string]credential) map[string]match {
	out := map[string]match{}
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		for _, p := range secrets[name].profiles {
			if m, ok := out[p.Profile]; !ok || p.Ordinal > m.ordinal {
				out[p.Profile] = match{name, p.Ordinal, secrets[name].files}
			}
		}
	}
	return out
}

// byName finds the credentials for a profile where the controller annotates no Secret at all, as earlier ones do not: then names
// alone say which is for which, and nothing was ever replaced.
func byName(profile string, secrets map[string]credential) (match, bool) {
	for _, name := range []string{profile, trimProfile(profile)} {
		if c, ok := secrets[name]; ok && c.fault == "" && len(c.files) > 0 {
			return match{secret: name, files: c.files}, true
		}
	}
	return match{}, false
}

// filesFor are the files of a profile: only the CA's, if nothing else is asked for.
func filesFor(p config.SSLProfile, from map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for name, wanted := range map[string]bool{fileCA: p.CACertFile != "", fileCert: p.CertFile != "", fileKey: p.PrivateKeyFile != ""} {
		if data, ok := from[name]; ok && wanted {
			out[name] = data
		}
	}
	return out
}

// missing says what a configuration refers to and is not there, one sentence each.
type missing []string

// writeCredentials writes what a configuration refers to and the cluster has. Replaced are the proxies with another password
// than they had. What cannot be written, as when the disk is full, is missing like what is not there: all else goes on without it.
func (d *disk) writeCredentials(c *config.Config, secrets map[string]credential) (lacks missing, replaced []string) {
	found := matches(secrets)
	for _, p := range c.SSLProfiles {
		m, ok := found[p.Name]
		if !ok && d.byName && len(found) == 0 && p.Ordinal == 0 {
			m, ok = byName(p.Name, secrets)
		}
		switch {
		case !ok:
			lacks = append(lacks, fmt.Sprintf("TLS profile %s: %s", p.Name, whyUnmatched(p.Name, secrets)))
			continue
		case m.ordinal < uint64(max(p.Ordinal, 0)):
			lacks = append(lacks, fmt.Sprintf("TLS profile %s: secret %s has ordinal %d, the configuration wants %d", p.Name, m.secret, m.ordinal, p.Ordinal))
			continue
		case m.ordinal < d.ordinals[p.Name]:
			lacks = append(lacks, fmt.Sprintf("TLS profile %s: secret %s has ordinal %d, which is older than what the router has (%d)", p.Name, m.secret, m.ordinal, d.ordinals[p.Name]))
			continue
		}
		files := filesFor(p, m.files)
		if len(files) == 0 {
			lacks = append(lacks, fmt.Sprintf("TLS profile %s: secret %s has none of the files it is for", p.Name, m.secret))
			continue
		}
		if _, err := d.writeProfile(p.Name, m.ordinal, files); err != nil {
			lacks = append(lacks, fmt.Sprintf("TLS profile %s cannot be written: %v", p.Name, plain(err)))
		}
	}
	for _, p := range c.ProxyProfiles {
		s, ok := secrets[p.Name]
		if !ok || s.password == nil {
			lacks = append(lacks, fmt.Sprintf("proxy %s: there is no secret %s of type kubernetes.io/basic-auth", p.Name, p.Name))
			continue
		}
		another, err := d.writePassword(p.Name, s.password)
		if err != nil {
			lacks = append(lacks, fmt.Sprintf("the password of proxy %s cannot be written: %v", p.Name, plain(err)))
			continue
		}
		if another {
			replaced = append(replaced, p.Name)
		}
	}
	return lacks, replaced
}

// plain is why a file could not be written, without its name, which is another at each try.
func plain(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// whyUnmatched says why no Secret is for a profile, by that which most likely should be.
func whyUnmatched(profile string, secrets map[string]credential) string {
	for _, name := range []string{profile, trimProfile(profile)} {
		s, ok := secrets[name]
		switch {
		case ok && s.fault != "":
			return fmt.Sprintf("secret %s: %s", name, s.fault)
		case ok:
			return fmt.Sprintf("secret %s does not say that it is for it: the controller has not annotated it", name)
		}
	}
	return "there is no secret for it"
}

// profileSuffix ends the names of profiles that are for clients.
const profileSuffix = "-profile"

func trimProfile(name string) string {
	if n := len(name) - len(profileSuffix); n > 0 && name[n:] == profileSuffix {
		return name[:n]
	}
	return name
}
