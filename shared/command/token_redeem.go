package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
	"github.com/skupper-plugins/suite/shared/token"
)

func (t *tree) tokenRedeem() verb {
	return verb{
		name: "redeem", operands: "FILE", usage: "exchange a token for a link to the site that issued it",
		more:    "'-' is stdin. Redeeming a token again whose link is there does nothing.",
		example: "west.yaml",
		output:  true, manner: host.Change,
		flags: one(textFlag("timeout", "60s", "give up waiting after `DURATION`")),
		read: func(in *input) job {
			file := in.operand("FILE")
			c := op.RedeemToken{Timeout: in.duration("timeout"), Now: time.Now()}
			in.check(c.Check())
			return func(ctx context.Context, s *session) (_ host.View, err error) {
				if c.Token, err = readToken(ctx, file, s.streams.In); err != nil {
					return host.View{}, err
				}
				site, err := s.open(ctx)
				if err != nil {
					return host.View{}, err
				}
				did, err := c.Run(ctx, site.Ports, s.say)
				v := host.View{Verb: "redeemed", Kind: "accesstoken", Name: did.Token, Object: did, Notes: did.Notes, Next: s.next("link", "status")}
				if did.NoSite {
					v.Next = s.next("site", "create", "NAME")
				}
				if did.Before {
					v.Verb = string(op.Unchanged)
				}
				return v, err
			}
		},
		afar: func(in *input) afar { return redeemAfar(in.operand("FILE")) },
	}
}

// readToken reads a token from a file or, if that is "-", from in.
func readToken(ctx context.Context, file string, in io.Reader) (token.Token, error) {
	if file == stdio {
		return token.Decode(stdin{ctx, in}, "stdin")
	}
	f, err := openFile(ctx, file)
	if err != nil {
		return token.Token{}, err
	}
	defer f.Close() //nolint:errcheck // only read
	return token.Decode(stdin{ctx, f}, file)
}

// openFile opens a file that a user named: what is wrong with it is a usage error, except that there is none. A pipe opens
// when somebody writes to it, which may be never; an open that is under way when ctx ends goes with the process.
func openFile(ctx context.Context, file string) (*os.File, error) {
	info, err := os.Stat(file)
	switch {
	case os.IsNotExist(err):
		return nil, fault.New(fault.Missing, fmt.Sprintf("there is no file %s", file), "")
	case err != nil:
		return nil, fault.Wrap(fault.Usage, "read "+file, err, "")
	case info.IsDir():
		return nil, fault.New(fault.Usage, file+" is a directory, want a file", "")
	}
	type answer struct {
		f   *os.File
		err error
	}
	got := make(chan answer, 1)
	open := func() {
		f, err := os.Open(file)
		got <- answer{f, err}
	}
	go open()
	select {
	case a := <-got:
		if a.err != nil {
			return nil, fault.Wrap(fault.Usage, "read "+file, a.err, "")
		}
		return a.f, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (t *tree) tokenInspect() verb {
	return verb{
		name: "inspect", operands: "FILE", usage: "show what a token file says, without asking anybody",
		more:    "The secret code in it is not shown. '-' is stdin.",
		example: "west.yaml",
		output:  true, manner: host.Table, here: true,
		read: func(in *input) job {
			file := in.operand("FILE")
			return func(ctx context.Context, s *session) (host.View, error) {
				tok, err := readToken(ctx, file, s.streams.In)
				if err != nil {
					return host.View{}, err
				}
				return inspected(tok, time.Now()), nil
			}
		},
	}
}

func inspected(tok token.Token, now time.Time) host.View {
	state := "not expired"
	switch {
	case tok.ExpiresAt.IsZero():
		state = "unknown: it does not say when it expires"
	case tok.Expired(now):
		state = fmt.Sprintf("expired %s ago", op.Span(now.Sub(tok.ExpiresAt)))
	}
	type shown struct {
		Name      string    `json:"name"`
		Site      string    `json:"site,omitempty"`
		URL       string    `json:"url"`
		ExpiresAt time.Time `json:"expiresAt,omitzero"`
		Expired   bool      `json:"expired"`
		Uses      int       `json:"uses,omitempty"`
		LinkCost  int       `json:"linkCost,omitempty"`
	}
	expires := ""
	if !tok.ExpiresAt.IsZero() {
		expires = strings.TrimPrefix(until(tok.ExpiresAt, tok.ExpiresAt.Sub(now)), " until ")
		if tok.Expired(now) {
			expires = tok.ExpiresAt.UTC().Format(time.RFC3339)
		}
	}
	return host.View{Kind: "accesstoken", Name: tok.Name,
		Object: shown{tok.Name, tok.Issuer, tok.URL, tok.ExpiresAt, tok.Expired(now), tok.Uses, tok.LinkCost},
		Fields: []host.Field{
			{Title: "Name", Name: "Name", Value: tok.Name},
			{Title: "Site", Name: "Site", Value: tok.Issuer},
			{Title: "URL", Name: "URL", Value: tok.URL},
			{Title: "State", Name: "State", Value: state},
			{Title: "Expires", Name: "Expires", Value: expires},
			{Title: "Redemptions allowed", Name: "Uses", Value: unlessZero(tok.Uses)},
			{Title: "Link cost", Name: "LinkCost", Value: unlessZero(tok.LinkCost)},
		}}
}
