package command

import (
	"context"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

func (t *tree) listenerFlags(update bool) []cli.Flag {
	key, hostUsage, where := "`KEY` of the service (default NAME)", "`HOST` that clients use", t.can.ListenerHost
	if where == "" {
		hostUsage += " (default NAME)"
	}
	kind := v2alpha1.TypeTCP
	if update {
		key, hostUsage, where, kind = "`KEY` of the service", "`HOST` that clients use", "", ""
	}
	return []cli.Flag{
		textFlag("routing-key", "", key),
		textFlag("host", where, hostUsage),
		textFlag("tls-credentials", "", "`NAME` of the secret for TLS with clients"),
		textFlag("type", kind, "`TYPE` of the transport: tcp"),
	}
}

func (t *tree) readListener(in *input) op.CreateListener {
	c := op.CreateListener{Name: in.operand("NAME"), Port: in.port(), RoutingKey: in.text("routing-key"), Host: in.text("host"),
		Credential: in.text("tls-credentials"), Type: in.text("type")}
	if c.Host == "" && !in.c.IsSet("host") {
		c.Host = c.Name
	}
	return c
}

func (t *tree) listenerCreate() verb {
	return verb{
		name: "create", operands: "NAME PORT", usage: "let clients of this site reach a service of the network",
		more:    "A listener that is there already with the same settings is left as it is, so this can be run again.",
		example: "backend 9090",
		output:  true, manner: host.Change, flags: with(t.listenerFlags(false), waitFlags(t.settled(), "60s")),
		read: func(in *input) job {
			c := t.readListener(in)
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

// settled is the state that listeners and connectors are waited for unless the user says otherwise.
func (t *tree) settled() string {
	if t.can.Settled != "" {
		return t.can.Settled
	}
	return op.WaitConfigured
}

func (t *tree) listenerGenerate() verb {
	return verb{
		name: "generate", operands: "NAME PORT", usage: "print the resource that listener create would make",
		example: "backend 9090",
		output:  true, manner: host.Documents, flags: t.listenerFlags(false),
		read: func(in *input) job {
			c := t.readListener(in)
			c.Namespace, c.Wait = t.host.Namespace(in.c), offline()
			in.check(c.Check())
			return generated(func() v2alpha1.Object { return c.Object() })
		},
	}
}

func (t *tree) listenerUpdate() verb {
	return verb{
		name: "update", operands: "NAME", usage: "change the given settings of a listener, and nothing else",
		more:    "--tls-credentials '' ends TLS with clients.",
		example: "backend --port 9091",
		output:  true, manner: host.Change,
		flags: with(one(textFlag("port", "", "`PORT` that clients use, 1 to 65535")), t.listenerFlags(true), waitFlags(t.settled(), "60s")),
		read: func(in *input) job {
			c := op.UpdateListener{Name: in.operand("NAME"), Port: in.givenNumber("port"), RoutingKey: in.givenText("routing-key"), Host: in.givenText("host"),
				Credential: in.givenText("tls-credentials"), Type: in.givenText("type"), Wait: in.wait()}
			in.check(c.Check())
			return func(ctx context.Context, s *session) (host.View, error) {
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				did, err := c.Run(ctx, site.Ports, s.say)
				return changed(did), err
			}
		},
	}
}

func (t *tree) listenerStatus() verb {
	type listener = *v2alpha1.Listener
	return verb{
		name: "status", operands: "[NAME]", usage: "show the listeners of this site",
		output: true, manner: host.Table,
		read: func(in *input) job {
			c := op.ListenerStatus{Name: in.optional()}
			in.check(c.Check())
			return func(ctx context.Context, s *session) (host.View, error) {
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				found, err := c.Run(ctx, site.Ports)
				if err != nil {
					return host.View{}, err
				}
				v := listing(found, c.Name != "", "listener", "there are no listeners in namespace "+site.Namespace, []column[listener]{
					nameColumn[listener](), statusColumn[listener](),
					{"ROUTING-KEY", "Routing key", "RoutingKey", func(o listener) string { return o.Spec.RoutingKey }},
					{"HOST", "Host", "Host", func(o listener) string { return o.Spec.Host }},
					{"PORT", "Port", "Port", func(o listener) string { return strconv.Itoa(o.Spec.Port) }},
					{"MATCHING-CONNECTOR", "Has Matching Connector", "MatchingConnector", func(o listener) string { return strconv.FormatBool(o.Status.HasMatchingConnector) }},
					messageColumn[listener](),
				})
				v.Next = s.instead(found.NoSite, len(found.Items), "listener", "create", "NAME", "PORT")
				return v, nil
			}
		},
	}
}

func (t *tree) listenerDelete() verb {
	return verb{
		name: "delete", operands: "NAME", usage: "remove a listener",
		example: "backend",
		output:  true, manner: host.Change, flags: goneFlags(),
		read: func(in *input) job {
			c := op.DeleteListener{Name: in.operand("NAME"), Gone: in.gone()}
			in.check(c.Check())
			return func(ctx context.Context, s *session) (host.View, error) {
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				did, err := c.Run(ctx, site.Ports, s.say)
				return changed(did), err
			}
		},
	}
}
