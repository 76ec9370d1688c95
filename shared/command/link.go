package command

import (
	"context"
	"io"
	"os"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

func (t *tree) linkGenerate() verb {
	return verb{
		name: "generate", usage: "print the resources with which another site links to this one without a token",
		more: "They hold a private key and do not expire by themselves: a token is safer. Only hosts that other machines can reach are put\n" +
			"into them; --host chooses one.",
		example: "--host west.example.com > west-link.yaml",
		output:  true, manner: host.Documents,
		flags: []cli.Flag{
			textFlag("name", "", "`NAME` of the link (default link-SITE)"),
			textFlag("host", "", "the one `HOST` of this site to link to"),
			textFlag("cost", "1", "`COST` of the link"),
			textFlag("tls-credentials", "", "`NAME` of the secret that the link uses (default that of the link)"),
			&cli.BoolFlag{Name: "generate-credential", Value: true, Usage: "print the secret too (--generate-credential=false does not)"},
			textFlag("timeout", "60s", "give up waiting for the secret after `DURATION`"),
		},
		read: func(in *input) job {
			c := op.GenerateLink{Name: in.text("name"), Host: in.text("host"), Cost: in.number("cost"), Credential: in.text("tls-credentials"),
				Generate: in.isSet("generate-credential"), Timeout: in.duration("timeout")}
			in.check(c.Check())
			return func(ctx context.Context, s *session) (host.View, error) {
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				did, err := c.Run(ctx, site.Ports, s.say)
				if err != nil {
					return host.View{}, err
				}
				v := host.View{Kind: "link", Name: did.Links[0].Name}
				for _, l := range did.Links {
					v.Documents = append(v.Documents, l)
				}
				if did.Secret != nil {
					v.Documents = append(v.Documents, did.Secret)
				}
				v.Object = host.List(v.Documents)
				if t.can.System {
					v.Next = s.elsewhere("system", "apply", "-f", "FILE")
				}
				if did.Secret != nil && in.text("output") != "name" && readable(s.streams.Out) {
					v.Notes = append(v.Notes, "others can read the file that this goes to, and there is a private key in it: chmod 600 FILE")
				}
				return v, nil
			}
		},
	}
}

// readable tells whether what is written goes to a file that not only its owner can read.
func readable(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0
}

func (t *tree) linkUpdate() verb {
	return verb{
		name: "update", operands: "NAME", usage: "change the given settings of a link, and nothing else",
		example: "west-link --cost 5",
		output:  true, manner: host.Change,
		flags: with([]cli.Flag{
			textFlag("cost", "", "`COST` of the link, 0 or more; 0 is 1"),
			textFlag("tls-credentials", "", "`NAME` of the secret that the link uses"),
		}, waitFlags(op.WaitReady, "60s")),
		read: func(in *input) job {
			c := op.UpdateLink{Name: in.operand("NAME"), Cost: in.givenNumber("cost"), Credential: in.givenText("tls-credentials"), Wait: in.wait()}
			return in.change(c)
		},
	}
}

func (t *tree) linkStatus() verb {
	type link = *v2alpha1.Link
	return verb{
		name: "status", operands: "[NAME]", usage: "show the links that this site makes, and why one is down",
		output: true, manner: host.Table,
		read: func(in *input) job {
			c := op.LinkStatus{Name: in.optional()}
			return look(in, c, func(s *session, found op.Status[link], site *host.Site) host.View {
				v := listing(found, c.Name != "", "link", "there are no links in namespace "+site.Namespace,
					[]column[link]{nameColumn[link](), statusColumn[link](),
						{"COST", "Cost", "Cost", func(o link) string { return strconv.Itoa(o.EffectiveCost()) }},
						messageColumn[link]()},
					column[link]{"", "Remote site", "RemoteSite", func(o link) string { return o.Status.RemoteSiteName }},
					column[link]{"", "Endpoints", "Endpoints", func(o link) string { return endpoints(o.Spec.Endpoints) }})
				v.Next = s.instead(found.NoSite, len(found.Items), "token", "redeem", "FILE")
				v.Notes = append(v.Notes, toCome(s, found.Unredeemed)...)
				return v
			})
		},
	}
}

// maxToCome bounds how many tokens are told of one by one.
const maxToCome = 20

// toCome tells of the tokens that have not brought their links yet: there is nothing else here that shows them.
func toCome(s *session, tokens []*v2alpha1.AccessToken) (notes []string) {
	for i, t := range tokens {
		if i == maxToCome {
			return append(notes, strconv.Itoa(len(tokens)-i)+" more tokens are not redeemed")
		}
		notes = append(notes, "token "+t.Name+" is not redeemed: "+op.WhyUnredeemed(t)+"; "+s.next("link", "delete", t.Name)+" gives it up")
	}
	return notes
}

func (t *tree) linkDelete() verb {
	return verb{
		name: "delete", operands: "NAME", usage: "remove a link, and the credential that came with it if nothing else uses it",
		more:    "Of a link that is still to come it removes the token.",
		example: "west-link",
		output:  true, manner: host.Change, flags: goneFlags(),
		read: func(in *input) job {
			c := op.DeleteLink{Name: in.operand("NAME"), Gone: in.gone()}
			return in.change(c)
		},
	}
}
