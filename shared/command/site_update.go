package command

import (
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

func (t *tree) siteUpdate() verb {
	return verb{
		name: "update", operands: "[NAME]", usage: "change the given settings of the site, and nothing else",
		more: "NAME may be left out where there is one site. --enable-link-access=false ends link access; --advertise '' removes the hosts,\n" +
			"--setting KEY- a setting.",
		example: "--enable-link-access",
		output:  true, manner: host.Change, flags: with(t.siteFlags(), waitFlags(op.WaitReady, "30s")),
		read: func(in *input) job {
			c := op.UpdateSite{Name: in.optional(), LinkAccess: in.givenBool("enable-link-access"), Advertise: in.givenHosts("advertise"),
				Wait: in.wait(), AccessTypes: t.can.AccessTypes}
			if len(t.can.AccessTypes) > 0 {
				c.AccessType = in.givenText("link-access-type")
			}
			if t.can.HA {
				c.HA = in.givenBool("enable-ha")
			}
			if t.can.Pods {
				c.Account = in.givenText("service-account")
			}
			c.Edge, c.Issuer, c.Settings = in.givenBool("edge"), in.givenText("default-issuer"), in.settings()
			return in.change(c)
		},
	}
}
