package agent

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/container"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/shared/fault"
)

// place is the platform of the namespace, and where a router there finds its certificates and passwords.
func (n *namespace) place() (platform, certs, proxies string, err error) {
	platform, err = n.dir.ReadPlatform()
	switch {
	case errors.Is(err, fs.ErrNotExist): // bound to none: whoever wrote the resources by hand gets what needs nothing
		err = nil
	case platform == engineapi.Podman, platform == engineapi.Docker:
		return platform, container.CertDir, container.ProxyDir, nil
	case err == nil && platform != filestore.PlatformLinux:
		err = fault.New(fault.Failed, fmt.Sprintf("the namespace is bound to platform %q, which is not known", platform), "correct "+n.dir.Platform())
	}
	return platform, n.dir.RuntimeCerts(), n.dir.RuntimeProxies(), err
}
