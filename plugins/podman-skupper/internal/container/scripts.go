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
	// Docker's own client goes by its context too, which is not known here.
	if e.opts.Platform == engineapi.Docker || !engineapi.Usual(e.opts.Platform, s.Endpoint, uid, getenv) {
		flag := map[string]string{engineapi.Podman: "--url", engineapi.Docker: "--host"}[e.opts.Platform]
		engine += " " + flag + " " + quoteShell("unix://"+engineapi.SocketPath(s.Endpoint))
	}
	script := func(what, all, do string) []byte {
		return fmt.Appendf(nil, "#!/bin/sh\n# %s the router of namespace %s.\nall=$(%s container ls %s-q --filter %s --filter %s) || exit\nfor container in $all; do\n    %s %s \"$container\" >/dev/null || exit\ndone\n",
			what, e.opts.Namespace, engine, all, quoteShell("label=application="+labelApplication), quoteShell("label="+labelSite+"="+id), engine, do)
	}
	return script("Starts", "-a ", "start"), script("Stops", "", "stop -t 10"), nil
}

func quoteShell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
