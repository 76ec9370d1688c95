package command

import (
	"strconv"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

func (t *tree) tokenStatus() verb {
	type grant = *v2alpha1.AccessGrant
	return verb{
		name: "status", operands: "[NAME]", usage: "show the tokens that this site has issued",
		output: true, manner: host.Table,
		read: func(in *input) job {
			c := op.TokenStatus{Name: in.optional(), Now: time.Now()}
			return look(in, c, func(s *session, found op.Status[grant], site *host.Site) host.View {
				v := listing(found, c.Name != "", "accessgrant", "no tokens have been issued in namespace "+site.Namespace, []column[grant]{
					nameColumn[grant](), statusColumn[grant](),
					{"REDEEMED", "Redeemed", "Redeemed", func(o grant) string { return strconv.Itoa(o.Status.Redemptions) }},
					{"ALLOWED", "Allowed", "Allowed", func(o grant) string { return strconv.Itoa(max(o.Spec.RedemptionsAllowed, 1)) }},
					{"EXPIRES", "Expires", "Expires", func(o grant) string { return o.Status.ExpirationTime }},
					messageColumn[grant](),
				}, column[grant]{"", "URL", "URL", func(o grant) string { return o.Status.URL }})
				v.Next = s.instead(false, len(found.Items), "token", "issue", "FILE")
				return v
			})
		},
	}
}

func (t *tree) tokenRevoke() verb {
	return verb{
		name: "revoke", operands: "NAME", usage: "make a token that this site has issued worthless",
		more:    "Links that were made from it stay.",
		example: "west-0b0b1ea4-7d6c-4f4c-9a53-7a0f4c8a6f1e",
		output:  true, manner: host.Change, flags: goneFlags(),
		read: func(in *input) job {
			c := op.RevokeToken{Name: in.operand("NAME"), Gone: in.gone()}
			return in.change(c)
		},
	}
}
