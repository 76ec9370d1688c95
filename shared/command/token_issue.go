package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
	"github.com/skupper-plugins/suite/shared/token"
)

// stdio is the operand that means stdin or stdout.
const stdio = "-"

func (t *tree) tokenIssue() verb {
	return verb{
		name: "issue", operands: "FILE", usage: "write a token that another site redeems to be linked to this one",
		more:    "FILE is for whoever is to link to this site, and for nobody else: keep it secret. '-' is stdout.",
		example: "west.yaml --expiration-window 60m",
		output:  true, manner: host.Change,
		flags: []cli.Flag{
			textFlag("redemptions-allowed", "1", "how many `TIMES` it can be redeemed"),
			textFlag("expiration-window", "15m", "`DURATION` it can be redeemed for"),
			textFlag("cost", "1", "`COST` of the link made from it"),
			textFlag("timeout", "60s", "give up waiting after `DURATION`"),
		},
		read: func(in *input) job {
			file := in.operand("FILE")
			c := op.IssueToken{Redemptions: in.number("redemptions-allowed"), Window: in.duration("expiration-window"), Cost: in.number("cost"), Timeout: in.duration("timeout")}
			in.check(c.Check())
			in.check(writable(file))
			return func(ctx context.Context, s *session) (host.View, error) { return issue(ctx, s, c, file) }
		},
		afar: func(in *input) afar { return issueAfar(in.operand("FILE")) },
	}
}

// writable finds what is wrong with a file to be written without touching it.
func writable(file string) error {
	if file == stdio {
		return nil
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return fmt.Errorf("FILE is %q, which is a directory", file)
	}
	switch info, err := os.Stat(filepath.Dir(file)); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("FILE is %q, but there is no directory %s", file, filepath.Dir(file))
	case err == nil && !info.IsDir():
		return fmt.Errorf("FILE is %q, but %s is no directory", file, filepath.Dir(file))
	}
	return nil
}

// issue opens the file before the grant is made, and keeps it only if all went well.
func issue(ctx context.Context, s *session, c op.IssueToken, file string) (host.View, error) {
	site, err := s.open(ctx)
	if err != nil {
		return host.View{}, err
	}
	var did op.Issued
	run := func(w io.Writer) (err error) {
		did, err = c.Run(ctx, site.Ports, w, s.say)
		return err
	}
	if file == stdio {
		err = run(s.streams.Out)
	} else {
		err = atomicfile.Output(file, token.Mode, run)
	}
	if err != nil {
		if did.Grant != "" && did.URL != "" { // the grant was made, and its token is lost
			err = multierr.Append(err, op.Withdraw(ctx, site.Ports, did.Grant))
		}
		return host.View{}, unwritten(file, err)
	}
	v := host.View{Verb: "issued", Kind: "accessgrant", Name: did.Grant, Object: did, Next: s.elsewhere("token", "redeem", file)}
	v.Notes = []string{"the token can be redeemed " + times(did.Redemptions) + until(did.ExpiresAt, c.Window)}
	if file == stdio { // the token itself is the answer
		v = host.View{Notes: v.Notes, Next: s.elsewhere("token", "redeem", "FILE")}
	}
	return v, nil
}

// unwritten gives an error of the file a hint of its own.
func unwritten(file string, err error) error {
	var path *os.PathError
	if errors.As(err, &path) && fault.Hint(err) == "" {
		return fault.Wrap(fault.KindOf(err), "write the token to "+file, path.Err, "choose another file, or - for stdout")
	}
	return err
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// until says when something ends, as people and as programs read it.
func until(end time.Time, left time.Duration) string {
	if end.IsZero() {
		return ""
	}
	return fmt.Sprintf(" until %s (for %s)", end.UTC().Format(time.RFC3339), op.Span(left))
}
