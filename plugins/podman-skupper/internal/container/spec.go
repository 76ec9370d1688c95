package container

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/fault"
)

// Base is the directory that SSL_PROFILE_BASE_PATH names in the container.
const Base = "/etc/skupper-router"

// BaseVariable is how a router's configuration names Base.
const BaseVariable = "SSL_PROFILE_BASE_PATH"

// Paths in the container, and the labels and names by which others find it.
const (
	configPath  = Base + "/config"
	configName  = "skrouterd.json"
	certsPath   = Base + "/runtime/certs"
	proxiesPath = Base + "/runtime/proxies"

	labelApplication = "skupper-v2"
	labelSite        = "skupper.io/site-id"
)

// CertDir and ProxyDir are where a router in a container finds its files, as its configuration says it.
const (
	CertDir  = "${" + BaseVariable + "}/runtime/certs"
	ProxyDir = "${" + BaseVariable + "}/runtime/proxies"
)

// Variables gives what the router's configuration is filled in with.
func Variables(name string) (value string, ok bool) {
	if name == BaseVariable {
		return Base, true
	}
	return "", false
}

// Name is the container of a namespace's router.
func Name(namespace string) string { return namespace + "-skupper-router" }

// spec is the container as it is to be.
func (e *Engine) spec(s Settings, image, siteID string) engineapi.Spec {
	out := engineapi.Spec{Name: e.name(), Image: image,
		Env: map[string]string{
			"APPLICATION_NAME": "skupper-router", "QDROUTERD_CONF": configPath + "/" + configName, "QDROUTERD_CONF_TYPE": "json",
			"SKUPPER_SITE_ID": siteID, BaseVariable: Base,
		},
		Labels: map[string]string{"application": labelApplication, "skupper.io/v2-component": "router", labelSite: siteID},
		Mounts: []engineapi.Mount{{Source: filepath.Dir(e.opts.ConfigFile), Target: configPath}, {Source: e.opts.CertDir, Target: certsPath}, {Source: e.opts.ProxyDir, Target: proxiesPath}},
	}
	uid, gid := os.Getuid(), os.Getgid()
	out.User = fmt.Sprintf("%d:%d", uid, gid)
	switch {
	case e.opts.Platform == engineapi.Podman:
		out.KeepID = uid != 0
	default:
		// Docker's root is the machine's, and reads what only this user may; the group is that of those who may use Docker.
		out.User = "0:" + fmt.Sprint(groupOf(s.Endpoint))
	}
	return out
}

// siteID is the identity of the site that a router's configuration is for.
func siteID(configFile string) (string, error) {
	c, err := config.Load(configFile)
	if err != nil {
		return "", fault.Wrap(fault.Failed, "read the router's configuration", err, "")
	}
	var meta struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(c.Router.Metadata), &meta); err != nil || meta.ID == "" {
		return "", fault.New(fault.Failed, "the router's configuration does not say which site it is for", "")
	}
	return meta.ID, nil
}
