package supervise

import (
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/skupper-plugins/suite/shared/pki"
)

// clientTLS is what local tools show to the router, from a directory with ca.crt, tls.crt and tls.key.
func clientTLS(dir string) (*tls.Config, error) {
	var pair pki.Pair
	for name, to := range map[string]*[]byte{"ca.crt": &pair.CA, "tls.crt": &pair.Cert, "tls.key": &pair.Key} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, fmt.Errorf("read the certificate of local tools: %w", err)
		}
		*to = b
	}
	cert, err := pair.TLS()
	if err != nil {
		return nil, fmt.Errorf("read the certificate of local tools: %w", err)
	}
	roots, err := pair.Pool()
	if err != nil {
		return nil, fmt.Errorf("read the certificate of local tools: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}, RootCAs: roots}, nil
}

func portNumber(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 {
		return 0, fmt.Errorf("port is %q, want 1-65535", text)
	}
	return n, nil
}
