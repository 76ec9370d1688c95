package command

import (
	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
)

// Tree is the commands of a host: those that all hosts have, the system verbs where it runs sites itself, and its own.
func Tree(h host.Host, s host.Streams) []*cli.Command { return newTree(h, s).top() }

func newTree(h host.Host, s host.Streams) *tree {
	return &tree{host: h, streams: s, can: h.Capabilities(), verbs: map[*cli.Command]verb{}}
}

func (t *tree) top() []*cli.Command {
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
	top = append(top, t.group("completion", "let the shell complete what you type", t.completions()...),
		t.group("debug", "what helps to find out what is wrong", t.debugDump()), t.leaf("", t.version()), t.leaf("", t.manifest()))
	if c, ok := t.host.(host.Commander); ok {
		for _, own := range c.Commands(t.streams) {
			top = merge(top, own)
		}
	}
	return top
}

// merge adds a host's command; the commands of a group that there is already go into that.
func merge(top []*cli.Command, own *cli.Command) []*cli.Command {
	for _, c := range top {
		if c.Name == own.Name && len(own.Subcommands) > 0 {
			c.Subcommands = append(c.Subcommands, own.Subcommands...)
			return top
		}
	}
	return append(top, own)
}
