package command

import (
	"context"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

const attachedMore = "It takes two: an attachedconnector beside the pods, which names the namespace of the site, and an attachedconnectorbinding of the same\n" +
	"name beside the site, which names the namespace of the pods."

func attachedFlags(update bool) []cli.Flag {
	selector, kind := "`SELECTOR` of the pods that serve (default app=NAME)", v2alpha1.TypeTCP
	if update {
		selector, kind = "`SELECTOR` of the pods that serve", ""
	}
	flags := []cli.Flag{
		textFlag("site-namespace", "", "`NAMESPACE` of the site that offers them"),
		textFlag("selector", "", selector),
		textFlag("workload", "", "`TYPE/NAME` whose pods serve; deployment, service, daemonset or statefulset"),
		boolFlag("include-not-ready", "use pods that are not ready too"),
		textFlag("tls-credentials", "", "`NAME` of the secret, in the site's namespace, for TLS with the pods"),
		boolFlag("use-client-cert", "show the pods the certificate of the secret"),
	}
	if !update {
		flags = append(flags, textFlag("type", kind, "`TYPE` of the transport: tcp"))
	}
	return flags
}

func readAttached(in *input) op.CreateAttachedConnector {
	c := op.CreateAttachedConnector{Name: in.operand("NAME"), Port: in.port(), SiteNamespace: in.text("site-namespace"), Selector: in.text("selector"),
		Workload: in.text("workload"), IncludeNotReady: in.isSet("include-not-ready"), Credential: in.text("tls-credentials"),
		UseClientCert: in.isSet("use-client-cert"), Type: in.text("type")}
	return c
}

func (t *tree) attachedCreate() verb {
	return verb{
		name: "create", operands: "NAME PORT", usage: "offer pods of this namespace through the site of another one",
		more:    attachedMore,
		example: "backend 8080 --site-namespace west",
		output:  true, manner: host.Change, flags: with(attachedFlags(false), waitFlags(op.WaitNone, "60s")),
		read: func(in *input) job {
			c := readAttached(in)
			c.Wait = in.wait()
			in.check(c.Check())
			return func(ctx context.Context, s *session) (host.View, error) {
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				did, err := c.Run(ctx, site.Ports, s.say)
				v := changed(did)
				v.Next = s.elsewhere("attachedconnectorbinding", "create", c.Name, "--connector-namespace", site.Namespace, "--namespace", c.SiteNamespace)
				return v, err
			}
		},
	}
}

func (t *tree) attachedGenerate() verb {
	return verb{
		name: "generate", operands: "NAME PORT", usage: "print the resource that attachedconnector create would make", here: true,
		more:    "Nothing is looked up: a workload is refused, give its selector.",
		example: "backend 8080 --site-namespace west",
		output:  true, manner: host.Documents, flags: attachedFlags(false),
		read: func(in *input) job {
			c := readAttached(in)
			if c.Workload != "" {
				in.fault("workload is %q, but generate looks nothing up: give its selector", c.Workload)
			}
			c.Namespace, c.Wait = t.host.Namespace(in.c), offline()
			in.check(c.Check())
			return generated(func() v2alpha1.Object { return c.Object() })
		},
	}
}

func (t *tree) attachedUpdate() verb {
	return verb{
		name: "update", operands: "NAME", usage: "change the given settings of an attached connector, and nothing else",
		example: "backend --port 8081",
		output:  true, manner: host.Change,
		flags: with(one(textFlag("port", "", "`PORT` of the pods, 1 to 65535")), attachedFlags(true), waitFlags(op.WaitNone, "60s")),
		read: func(in *input) job {
			return in.change(op.UpdateAttachedConnector{Name: in.operand("NAME"), Port: in.givenNumber("port"), SiteNamespace: in.givenText("site-namespace"),
				Selector: in.text("selector"), Workload: in.text("workload"), IncludeNotReady: in.givenBool("include-not-ready"),
				Credential: in.givenText("tls-credentials"), UseClientCert: in.givenBool("use-client-cert"), Wait: in.wait()})
		},
	}
}

func (t *tree) attachedStatus() verb {
	type connector = *v2alpha1.AttachedConnector
	return verb{
		name: "status", operands: "[NAME]", usage: "show the pods of this namespace that sites of others offer",
		output: true, manner: host.Table,
		read: func(in *input) job {
			c := op.ResourceStatus[connector]{Kind: v2alpha1.KindAttachedConnector, Name: in.optional()}
			return look(in, c, func(_ *session, found op.Status[connector], site *host.Site) host.View {
				return listing(found, c.Name != "", "attachedconnector", "there are no attached connectors in namespace "+site.Namespace, []column[connector]{
					nameColumn[connector](), statusColumn[connector](),
					{"SITE-NAMESPACE", "Site namespace", "SiteNamespace", func(o connector) string { return o.Spec.SiteNamespace }},
					{"SELECTOR", "Selector", "Selector", func(o connector) string { return o.Spec.Selector }},
					{"PORT", "Port", "Port", func(o connector) string { return strconv.Itoa(o.Spec.Port) }},
					messageColumn[connector](),
				})
			})
		},
	}
}

func bindingFlags(update bool) []cli.Flag {
	key := "`KEY` of the service (default NAME)"
	if update {
		key = "`KEY` of the service"
	}
	return []cli.Flag{
		textFlag("connector-namespace", "", "`NAMESPACE` of the attached connector"),
		textFlag("routing-key", "", key, "r"),
		boolFlag("expose-pods-by-name", "offer each pod under its own name too"),
	}
}

func readBinding(in *input) op.CreateBinding {
	return op.CreateBinding{Name: in.operand("NAME"), ConnectorNamespace: in.text("connector-namespace"), RoutingKey: in.text("routing-key"),
		ExposePods: in.isSet("expose-pods-by-name")}
}

func (t *tree) bindingCreate() verb {
	return verb{
		name: "create", operands: "NAME", usage: "let pods of another namespace be offered through this site",
		more:    attachedMore,
		example: "backend --connector-namespace shop",
		output:  true, manner: host.Change, flags: with(bindingFlags(false), waitFlags(op.WaitConfigured, "60s")),
		read: func(in *input) job {
			c := readBinding(in)
			c.Wait = in.wait()
			return in.settling(c, c.Wait)
		},
	}
}

func (t *tree) bindingGenerate() verb {
	return verb{
		name: "generate", operands: "NAME", usage: "print the resource that attachedconnectorbinding create would make", here: true,
		example: "backend --connector-namespace shop",
		output:  true, manner: host.Documents, flags: bindingFlags(false),
		read: func(in *input) job {
			c := readBinding(in)
			c.Namespace, c.Wait = t.host.Namespace(in.c), offline()
			in.check(c.Check())
			return generated(func() v2alpha1.Object { return c.Object() })
		},
	}
}

func (t *tree) bindingUpdate() verb {
	return verb{
		name: "update", operands: "NAME", usage: "change the given settings of a binding, and nothing else",
		example: "backend --routing-key shop-backend",
		output:  true, manner: host.Change, flags: with(bindingFlags(true), waitFlags(op.WaitConfigured, "60s")),
		read: func(in *input) job {
			return in.change(op.UpdateBinding{Name: in.operand("NAME"), ConnectorNamespace: in.givenText("connector-namespace"),
				RoutingKey: in.givenText("routing-key"), ExposePods: in.givenBool("expose-pods-by-name"), Wait: in.wait()})
		},
	}
}

func (t *tree) bindingStatus() verb {
	type binding = *v2alpha1.AttachedConnectorBinding
	return verb{
		name: "status", operands: "[NAME]", usage: "show the pods of other namespaces that this site may offer",
		output: true, manner: host.Table,
		read: func(in *input) job {
			c := op.ResourceStatus[binding]{Kind: v2alpha1.KindAttachedConnectorBinding, Name: in.optional()}
			return look(in, c, func(_ *session, found op.Status[binding], site *host.Site) host.View {
				return listing(found, c.Name != "", "attachedconnectorbinding", "there are no bindings of attached connectors in namespace "+site.Namespace, []column[binding]{
					nameColumn[binding](), statusColumn[binding](),
					{"ROUTING-KEY", "Routing key", "RoutingKey", func(o binding) string { return o.Spec.RoutingKey }},
					{"CONNECTOR-NAMESPACE", "Connector namespace", "ConnectorNamespace", func(o binding) string { return o.Spec.ConnectorNamespace }},
					{"MATCHING-LISTENER", "Has Matching Listener", "MatchingListener", func(o binding) string { return strconv.FormatBool(o.Status.HasMatchingListener) }},
					messageColumn[binding](),
				})
			})
		},
	}
}
