package container

import (
	"fmt"
	"strings"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/engineapi"
)

// Scripts start and stop the container with what the engine brings, for service managers and for people. The container is
// the one labelled for the site: others name it otherwise.
func (e *Engine) Scripts(uid int, getenv func(string) string) (start, stop []byte, err error) {
	s, err := e.opts.Settings()
	if err != nil {
		return nil, nil, err
	}
	id, err := siteID(e.opts.ConfigFile)
	if err != nil {
		return nil, nil, err
	}
	engine := e.opts.Platform
	if engineapi.SocketPath(s.Endpoint) != engineapi.SocketPath(engineapi.Endpoint(e.opts.Platform, uid, usual(getenv))) {
		flag := map[string]string{engineapi.Podman: "--url", engineapi.Docker: "--host"}[e.opts.Platform]
		engine += " " + flag + " " + quoteShell("unix://"+engineapi.SocketPath(s.Endpoint))
	}
	script := func(what, all, do string) []byte {
		return fmt.Appendf(nil, "#!/bin/sh\n# %s the router of namespace %s.\nfor container in $(%s container ls %s-q --filter label=application=%s --filter label=%s=%s); do\n    %s %s \"$container\" >/dev/null || exit\ndone\n",
			what, e.opts.Namespace, engine, all, labelApplication, labelSite, id, engine, do)
	}
	return script("Starts", "-a ", "start"), script("Stops", "", "stop -t 10"), nil
}

// usual is the environment without what says where an engine is.
func usual(getenv func(string) string) func(string) string {
	return func(name string) string {
		if name == "XDG_RUNTIME_DIR" {
			return getenv(name)
		}
		return ""
	}
}

func quoteShell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
