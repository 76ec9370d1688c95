package tunnel

import (
	"os"
	"path/filepath"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/pki"
)

// keys are the files of one authority and of the certificates it has issued, as sites of ours make them: RSA for the one, ECDSA with P-256 for the others.
type keys struct {
	dir string
	now time.Time
	ca  pki.Pair
}

func newKeys(dir string, now time.Time) (*keys, error) {
	ca, err := pki.NewCA("bench", now)
	if err != nil {
		return nil, err
	}
	return &keys{dir: dir, now: now, ca: ca}, os.WriteFile(filepath.Join(dir, "ca.crt"), ca.Cert, 0o600)
}

// issue makes a certificate that serves both ends, and the profile that names its files.
func (k *keys) issue(name string) (config.SSLProfile, error) {
	p := config.SSLProfile{
		Name: "tls", CACertFile: filepath.Join(k.dir, "ca.crt"),
		CertFile: filepath.Join(k.dir, name+".crt"), PrivateKeyFile: filepath.Join(k.dir, name+".key"),
	}
	pair, err := pki.Issue(k.ca, pki.Request{Subject: name, Hosts: []string{"localhost", "127.0.0.1"}, Client: true, Server: true}, k.now)
	if err != nil {
		return p, err
	}
	if err := os.WriteFile(p.CertFile, pair.Cert, 0o600); err != nil {
		return p, err
	}
	return p, os.WriteFile(p.PrivateKeyFile, pair.Key, 0o600)
}
