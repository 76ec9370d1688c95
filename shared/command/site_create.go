package command

import (
	"context"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

func (t *tree) siteFlags() []cli.Flag {
	flags := one(boolFlag("enable-link-access", "let other sites link to this one"))
	if len(t.can.AccessTypes) > 0 {
		flags = append(flags, textFlag("link-access-type", "", "how they reach it, `TYPE`: "+words(t.can.AccessTypes)))
	}
	if t.can.HA {
		flags = append(flags, boolFlag("enable-ha", "run two routers"))
	}
	flags = append(flags,
		boolFlag("edge", "make the site an edge site: it links to others, and none can link to it"),
		textFlag("default-issuer", "", "`NAME` of the secret with the certificate authority to sign with (default that of the site)"))
	if t.can.Pods {
		flags = append(flags, textFlag("service-account", "", "`NAME` of the service account of the router (default: one is made)"))
	}
	return append(flags, settingFlag(), &cli.StringSliceFlag{Name: "advertise", Usage: "`HOST` by which others reach this site, instead of those it finds out itself; may be given again"})
}

func words(list []string) string {
	text := ""
	for i, w := range list {
		switch {
		case i > 0 && i == len(list)-1:
			text += " or "
		case i > 0:
			text += ", "
		}
		text += w
	}
	return text
}

func (t *tree) readSite(in *input) op.CreateSite {
	c := op.CreateSite{Name: in.operand("NAME"), LinkAccess: in.isSet("enable-link-access"), Advertise: in.hosts("advertise"), AccessTypes: t.can.AccessTypes}
	if len(t.can.AccessTypes) > 0 {
		c.AccessType = in.text("link-access-type")
	}
	if t.can.HA {
		c.HA = in.isSet("enable-ha")
	}
	if t.can.Pods {
		c.Account = in.text("service-account")
	}
	c.Edge, c.Issuer, c.Settings = in.isSet("edge"), in.text("default-issuer"), in.settings()
	return c
}

func (t *tree) siteCreate() verb {
	return verb{
		name: "create", operands: "NAME", usage: "make this namespace a site of a network and start what it needs",
		more:    "A site that is there already with the same settings is left as it is, so this can be run again.",
		example: "west --enable-link-access",
		output:  true, manner: host.Change, flags: with(t.siteFlags(), waitFlags(op.WaitReady, "3m")),
		read: func(in *input) job {
			c := t.readSite(in)
			c.Wait = in.wait()
			in.check(c.Check())
			return func(ctx context.Context, s *session) (host.View, error) {
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				did, err := c.Run(ctx, site.Ports, s.say)
				v := changed(did)
				if c.LinkAccess {
					v.Next = s.next("token", "issue", "FILE")
				} else {
					v.Next = s.next("token", "redeem", "FILE")
				}
				return v, err
			}
		},
	}
}

func (t *tree) siteGenerate() verb {
	return verb{
		name: "generate", operands: "NAME", usage: "print the resource that site create would make", here: true,
		example: "west --enable-link-access",
		output:  true, manner: host.Documents, flags: t.siteFlags(),
		read: func(in *input) job {
			c := t.readSite(in)
			c.Namespace = t.host.Namespace(in.c)
			c.Wait = offline()
			in.check(c.Check())
			return generated(func() v2alpha1.Object { return c.Object() })
		},
	}
}

// offline is the wait of a verb that does not wait.
func offline() op.Wait { return op.Wait{For: op.WaitNone, Timeout: 1 << 40} }

// generated prints one resource without opening anything.
func generated(object func() v2alpha1.Object) job {
	return func(context.Context, *session) (host.View, error) {
		o := object()
		return host.View{Kind: v2alpha1.KindOf(o), Name: o.GetName(), Object: o, Documents: []any{o}}, nil
	}
}
