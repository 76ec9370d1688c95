package command

import (
	"context"

	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

func (t *tree) siteDelete() verb {
	return verb{
		name: "delete", operands: "[NAME]", usage: "remove the site",
		more:    "NAME may be left out where there is one site. With --all it can be run again to finish what was interrupted.",
		example: "west --all",
		output:  true, manner: host.Change,
		flags: with(one(boolFlag("all", "remove its links, listeners, connectors, tokens and everything else too")), goneFlags()),
		read: func(in *input) job {
			c := op.DeleteSite{Name: in.optional(), All: in.isSet("all"), Gone: in.gone()}
			in.check(c.Check())
			return func(ctx context.Context, s *session) (host.View, error) {
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				all, err := c.Run(ctx, site.Ports, s.say)
				if c.All || len(all) != 1 {
					return changes(all), err
				}
				return changed(all[0]), err
			}
		},
	}
}
