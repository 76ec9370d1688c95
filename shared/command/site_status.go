package command

import (
	"context"
	"strconv"
	"strings"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

func (t *tree) siteStatus() verb {
	type site = *v2alpha1.Site
	return verb{
		name: "status", operands: "[NAME]", usage: "show the state of the site",
		output: true, manner: host.Table,
		read: func(in *input) job {
			c := op.SiteStatus{Name: in.optional()}
			in.check(c.Check())
			return func(ctx context.Context, s *session) (host.View, error) {
				opened, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				found, err := c.Run(ctx, opened.Ports)
				if err != nil {
					return host.View{}, err
				}
				v := listing(found, c.Name != "", "site", "there is no site in namespace "+opened.Namespace,
					[]column[site]{nameColumn[site](), statusColumn[site](), messageColumn[site]()},
					column[site]{"", "Link access", "LinkAccess", func(o site) string { return o.Spec.LinkAccess }},
					column[site]{"", "Endpoints", "Endpoints", func(o site) string { return endpoints(o.Status.Endpoints) }},
					column[site]{"", "Sites in network", "SitesInNetwork", func(o site) string { return unlessZero(o.Status.SitesInNetwork) }})
				if len(found.Items) == 0 {
					v.Next = s.next("site", "create", "NAME")
				}
				return v, nil
			}
		},
	}
}

func endpoints(all []v2alpha1.Endpoint) string {
	var out []string
	for _, e := range all {
		port, err := strconv.Atoi(e.Port)
		if err != nil {
			continue
		}
		out = append(out, op.Address(e.Host, port)+" ("+e.Name+")")
	}
	return strings.Join(out, ", ")
}

func unlessZero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
