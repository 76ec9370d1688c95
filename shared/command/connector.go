package command

import (
	"context"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

func (t *tree) connectorFlags(update bool) []cli.Flag {
	key, where, kind := "`KEY` of the service (default NAME)", t.can.ConnectorHost, v2alpha1.TypeTCP
	if update {
		key, where, kind = "`KEY` of the service", "", ""
	}
	flags := []cli.Flag{
		textFlag("routing-key", "", key, "r"),
		textFlag("host", where, "`HOST` of the servers"),
		textFlag("tls-credentials", "", "`NAME` of the secret for TLS with servers"),
		boolFlag("use-client-cert", "show servers the certificate of the secret"),
		boolFlag("verify-hostname", "refuse servers whose certificate is for another host"),
		textFlag("type", kind, "`TYPE` of the transport: tcp"),
	}
	if t.can.Pods {
		selector := "`SELECTOR` of the pods that serve"
		if !update {
			selector += " (default app=NAME)"
		}
		flags = append(flags, textFlag("selector", "", selector),
			textFlag("workload", "", "`TYPE/NAME` whose pods serve; deployment, service, daemonset or statefulset"),
			boolFlag("include-not-ready", "use pods that are not ready too"),
			boolFlag("expose-pods-by-name", "offer each pod under its own name too"))
	}
	return flags
}

// target reads where the servers are. The default host gives way to a selector or workload.
func (t *tree) target(in *input, update bool) op.Target {
	var to op.Target
	if t.can.Pods {
		to.Selector, to.Workload = in.text("selector"), in.text("workload")
	}
	if in.c.IsSet("host") || !update && to == (op.Target{}) {
		to.Host = in.text("host")
		if to.Host == "" && in.c.IsSet("host") {
			in.fault("host is empty, want a host name or IP address")
		}
	}
	return to
}

func (t *tree) readConnector(in *input) op.CreateConnector {
	c := op.CreateConnector{Name: in.operand("NAME"), Port: in.port(), RoutingKey: in.text("routing-key"), Target: t.target(in, false),
		Credential: in.text("tls-credentials"), Type: in.text("type")}
	if t.can.Pods {
		c.IncludeNotReady, c.ExposePods = in.isSet("include-not-ready"), in.isSet("expose-pods-by-name")
	}
	c.UseClientCert, c.VerifyHostname = in.isSet("use-client-cert"), in.isSet("verify-hostname")
	return c
}

func (t *tree) connectorCreate() verb {
	return verb{
		name: "create", operands: "NAME PORT", usage: "offer servers of this site as a service of the network",
		more:    "A connector that is there already with the same settings is left as it is, so this can be run again.",
		example: "backend 8080",
		output:  true, manner: host.Change, flags: with(t.connectorFlags(false), waitFlags(t.settled(), "60s")),
		read: func(in *input) job {
			c := t.readConnector(in)
			c.Wait = in.wait()
			in.check(c.Check())
			return func(ctx context.Context, s *session) (host.View, error) {
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				did, err := c.Run(ctx, site.Ports, s.say)
				return s.settling(did, c.Wait), err
			}
		},
	}
}

func (t *tree) connectorGenerate() verb {
	return verb{
		name: "generate", operands: "NAME PORT", usage: "print the resource that connector create would make", here: true,
		more:    "Nothing is looked up: a workload is refused, give its selector.",
		example: "backend 8080",
		output:  true, manner: host.Documents, flags: t.connectorFlags(false),
		read: func(in *input) job {
			c := t.readConnector(in)
			if c.Target.Workload != "" {
				in.fault("workload is %q, but generate looks nothing up: give its selector", c.Target.Workload)
			}
			c.Namespace, c.Wait = t.host.Namespace(in.c), offline()
			in.check(c.Check())
			return generated(func() v2alpha1.Object { return c.Object() })
		},
	}
}

func (t *tree) connectorUpdate() verb {
	return verb{
		name: "update", operands: "NAME", usage: "change the given settings of a connector, and nothing else",
		more:    "--tls-credentials '' ends TLS with servers.",
		example: "backend --port 8081",
		output:  true, manner: host.Change,
		flags: with(one(textFlag("port", "", "`PORT` of the servers, 1 to 65535")), t.connectorFlags(true), waitFlags(t.settled(), "60s")),
		read: func(in *input) job {
			c := op.UpdateConnector{Name: in.operand("NAME"), Port: in.givenNumber("port"), RoutingKey: in.givenText("routing-key"), Target: t.target(in, true),
				Credential: in.givenText("tls-credentials"), Type: in.givenText("type"), Wait: in.wait()}
			if t.can.Pods {
				c.IncludeNotReady, c.ExposePods = in.givenBool("include-not-ready"), in.givenBool("expose-pods-by-name")
			}
			c.UseClientCert, c.VerifyHostname = in.givenBool("use-client-cert"), in.givenBool("verify-hostname")
			return in.change(c)
		},
	}
}

func (t *tree) connectorStatus() verb {
	type connector = *v2alpha1.Connector
	return verb{
		name: "status", operands: "[NAME]", usage: "show the connectors of this site",
		output: true, manner: host.Table,
		read: func(in *input) job {
			c := op.ConnectorStatus{Name: in.optional()}
			return look(in, c, func(s *session, found op.Status[connector], site *host.Site) host.View {
				columns := []column[connector]{
					nameColumn[connector](), statusColumn[connector](),
					{"ROUTING-KEY", "Routing key", "RoutingKey", func(o connector) string { return o.Spec.RoutingKey }},
				}
				if t.can.Pods {
					columns = append(columns, column[connector]{"SELECTOR", "Selector", "Selector", func(o connector) string { return o.Spec.Selector }})
				}
				columns = append(columns,
					column[connector]{"HOST", "Host", "Host", func(o connector) string { return o.Spec.Host }},
					column[connector]{"PORT", "Port", "Port", func(o connector) string { return strconv.Itoa(o.Spec.Port) }},
					column[connector]{"MATCHING-LISTENER", "Has Matching Listener", "MatchingListener", func(o connector) string { return strconv.FormatBool(o.Status.HasMatchingListener) }},
					messageColumn[connector]())
				v := listing(found, c.Name != "", "connector", "there are no connectors in namespace "+site.Namespace, columns)
				v.Next = s.instead(found.NoSite, len(found.Items), "connector", "create", "NAME", "PORT")
				return v
			})
		},
	}
}

func (t *tree) connectorDelete() verb {
	return verb{
		name: "delete", operands: "NAME", usage: "remove a connector",
		example: "backend",
		output:  true, manner: host.Change, flags: goneFlags(),
		read: func(in *input) job {
			return in.change(op.DeleteConnector{Name: in.operand("NAME"), Gone: in.gone()})
		},
	}
}
