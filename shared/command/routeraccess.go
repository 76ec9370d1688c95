package command

import (
	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

func (t *tree) routerAccessFlags(update bool) []cli.Flag {
	credentials, generate := "`NAME` of the secret with the server certificate (default NAME)", true
	roles := "`ROLE` to accept, or ROLE:PORT: inter-router or edge; may be given again (default both, inter-router:55671 and edge:45671)"
	if update {
		credentials, generate = "`NAME` of the secret with the server certificate", false
		roles = "`ROLE` to accept, or ROLE:PORT: inter-router or edge; may be given again"
	}
	var flags []cli.Flag
	if len(t.can.AccessTypes) > 0 {
		flags = append(flags, textFlag("access-type", "", "how others reach the routers, `TYPE`: "+words(t.can.AccessTypes)))
	}
	return append(flags,
		&cli.StringSliceFlag{Name: "role", Usage: roles},
		textFlag("tls-credentials", "", credentials),
		&cli.BoolFlag{Name: "generate-tls-credentials", Value: generate, Usage: "make that secret (=false: it is there already)"},
		textFlag("issuer", "", "`NAME` of the certificate authority that signs it (default that of the site)"),
		textFlag("bind-host", "", "`ADDRESS` to listen on (default all)"),
		&cli.StringSliceFlag{Name: "subject-alternative-name", Usage: "`HOST` that the server certificate is for too; may be given again"},
		settingFlag())
}

func (t *tree) readRouterAccess(in *input) op.CreateRouterAccess {
	c := op.CreateRouterAccess{Name: in.operand("NAME"), Settings: in.settings(), AccessTypes: t.can.AccessTypes}
	if len(t.can.AccessTypes) > 0 {
		c.AccessType = in.text("access-type")
	}
	c.Access = op.RouterAccessFields{Roles: in.roles(), Credential: in.text("tls-credentials"), Generate: in.isSet("generate-tls-credentials"),
		Issuer: in.text("issuer"), BindHost: in.text("bind-host"), Hosts: in.hosts("subject-alternative-name")}
	return c
}

func (in *input) roles() []v2alpha1.RouterAccessRole {
	all, err := op.ParseRoles(in.texts("role"))
	in.check(err)
	return all
}

func (t *tree) routerAccessCreate() verb {
	return verb{
		name: "create", operands: "NAME", usage: "make another way for sites to link to this one",
		more: "site create --enable-link-access makes one by itself; this is for ports, addresses and certificates of your own, or for a second way.\n" +
			"One that is there already with the same settings is left as it is, so this can be run again.",
		example: "partners --role inter-router:55672 --subject-alternative-name west.example.com",
		output:  true, manner: host.Change, flags: with(t.routerAccessFlags(false), waitFlags(op.WaitConfigured, "60s")),
		read: func(in *input) job {
			c := t.readRouterAccess(in)
			c.Wait = in.wait()
			return in.settling(c, c.Wait)
		},
	}
}

func (t *tree) routerAccessGenerate() verb {
	return verb{
		name: "generate", operands: "NAME", usage: "print the resource that routeraccess create would make", here: true,
		example: "partners --role inter-router:55672",
		output:  true, manner: host.Documents, flags: t.routerAccessFlags(false),
		read: func(in *input) job {
			c := t.readRouterAccess(in)
			c.Namespace, c.Wait = t.host.Namespace(in.c), offline()
			in.check(c.Check())
			return generated(func() v2alpha1.Object { return c.Object() })
		},
	}
}

func (t *tree) routerAccessUpdate() verb {
	return verb{
		name: "update", operands: "NAME", usage: "change the given settings of a router access, and nothing else",
		more:    "--bind-host '' listens on all addresses, --subject-alternative-name '' removes the hosts, --setting KEY- a setting.",
		example: "partners --subject-alternative-name west.example.com",
		output:  true, manner: host.Change, flags: with(t.routerAccessFlags(true), waitFlags(op.WaitConfigured, "60s")),
		read: func(in *input) job {
			c := op.UpdateRouterAccess{Name: in.operand("NAME"), Credential: in.givenText("tls-credentials"), Generate: in.givenBool("generate-tls-credentials"),
				Issuer: in.givenText("issuer"), BindHost: in.givenText("bind-host"), Hosts: in.givenHosts("subject-alternative-name"), Settings: in.settings(),
				Wait: in.wait(), AccessTypes: t.can.AccessTypes}
			if len(t.can.AccessTypes) > 0 {
				c.AccessType = in.givenText("access-type")
			}
			if in.c.IsSet("role") {
				c.Roles = in.roles()
			}
			return in.change(c)
		},
	}
}

func (t *tree) routerAccessStatus() verb {
	type access = *v2alpha1.RouterAccess
	return verb{
		name: "status", operands: "[NAME]", usage: "show the ways in which other sites can link to this one",
		output: true, manner: host.Table,
		read: func(in *input) job {
			c := op.ResourceStatus[access]{Kind: v2alpha1.KindRouterAccess, Name: in.optional()}
			return look(in, c, func(_ *session, found op.Status[access], site *host.Site) host.View {
				columns := []column[access]{nameColumn[access](), statusColumn[access]()}
				if len(t.can.AccessTypes) > 0 {
					columns = append(columns, column[access]{"TYPE", "Access type", "AccessType", func(o access) string {
						if o.Spec.AccessType == "" {
							return v2alpha1.LinkAccessDefault
						}
						return o.Spec.AccessType
					}})
				}
				columns = append(columns, column[access]{"ROLES", "Roles", "Roles", func(o access) string { return op.RolesText(o.Spec.Roles) }}, messageColumn[access]())
				return listing(found, c.Name != "", "routeraccess", "there is no router access in namespace "+site.Namespace, columns,
					column[access]{"", "TLS credentials", "TLSCredentials", func(o access) string { return o.Credentials() }},
					column[access]{"", "Endpoints", "Endpoints", func(o access) string { return endpoints(o.Status.Endpoints) }})
			})
		},
	}
}

// deletion removes resources of a kind that needs nothing else done.
func (t *tree) deletion(kind, usage, example string) verb {
	return verb{
		name: "delete", operands: "NAME", usage: usage, example: example,
		output: true, manner: host.Change, flags: goneFlags(),
		read: func(in *input) job {
			return in.change(op.DeleteResource{Kind: kind, Name: in.operand("NAME"), Gone: in.gone()})
		},
	}
}
