package command

import (
	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
)

// Tree is the commands of a host: those that all hosts have, the system verbs where it runs sites itself, and its own.
func Tree(h host.Host, s host.Streams) []*cli.Command {
	t := &tree{host: h, streams: s, can: h.Capabilities()}
	top := []*cli.Command{
		t.group("site", "the place that is linked to others", t.siteCreate(), t.siteUpdate(), t.siteStatus(), t.siteDelete(), t.siteGenerate()),
		t.group("token", "what one site gives another to be linked to", t.tokenIssue(), t.tokenRedeem(), t.tokenStatus(), t.tokenRevoke(), t.tokenInspect()),
		t.group("link", "the connection of this site to another", t.linkGenerate(), t.linkUpdate(), t.linkStatus(), t.linkDelete()),
		t.group("listener", "where clients of this site reach a service", t.listenerCreate(), t.listenerUpdate(), t.listenerStatus(), t.listenerDelete(), t.listenerGenerate()),
		t.group("connector", "where servers of this site offer a service", t.connectorCreate(), t.connectorUpdate(), t.connectorStatus(), t.connectorDelete(), t.connectorGenerate()),
	}
	access := t.group("routeraccess", "another way for sites to link to this one", t.routerAccessCreate(), t.routerAccessUpdate(), t.routerAccessStatus(),
		t.deletion(v2alpha1.KindRouterAccess, "remove a router access", "partners"), t.routerAccessGenerate())
	access.Aliases = []string{"access"}
	top = append(top, access)
	if t.can.Pods {
		attached := t.group("attachedconnector", "where pods of this namespace are offered through the site of another one", t.attachedCreate(), t.attachedUpdate(), t.attachedStatus(),
			t.deletion(v2alpha1.KindAttachedConnector, "remove an attached connector", "backend"), t.attachedGenerate())
		binding := t.group("attachedconnectorbinding", "the leave for an attached connector to use this site", t.bindingCreate(), t.bindingUpdate(), t.bindingStatus(),
			t.deletion(v2alpha1.KindAttachedConnectorBinding, "remove a binding", "backend"), t.bindingGenerate())
		attached.Aliases, binding.Aliases = []string{"attached"}, []string{"binding"}
		top = append(top, attached, binding)
	}
	if t.can.System {
		top = append(top, t.group("system", "the processes of local sites, and resources from files", t.systemStart(), t.systemStop(), t.systemReload(),
			t.systemStatus(), t.systemInstall(), t.systemUninstall(), t.systemApply(), t.systemDelete()))
	}
	top = append(top, t.leaf("", t.version()))
	if c, ok := h.(host.Commander); ok {
		top = append(top, c.Commands(s)...)
	}
	return top
}
