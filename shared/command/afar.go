package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
	"github.com/skupper-plugins/suite/shared/token"
)

// afar is what a verb does whose site is on another machine, where the same verb runs. Files that the user names are on this one,
// so verbs that have any read and write them here. A verb without files has none of its own.
type afar func(ctx context.Context, s *session, there host.Machine) (host.View, error)

// machine is the one that the site of a command is on, nil if that is this machine.
func (s *session) machine(v verb) (host.Machine, error) {
	r, ok := s.host.(host.Remote)
	if !ok || v.here {
		return nil, nil //nolint:nilnil // which is this machine
	}
	return r.Machine(s.c)
}

// away runs a verb on another machine. What that prints is the answer; only of a file that was
// written here there is more to say.
func (s *session) away(v verb, there host.Machine) error {
	ctx := s.c.Context
	if v.afar == nil {
		err := there.Run(ctx, s.words(s.c.Args().Slice()), s.told(nil))
		if f, ok := s.host.(host.Follower); ok && v.manner == host.Table && f.Follows(s.c) && ctx.Err() != nil {
			return nil // to follow ends by an interrupt
		}
		return err
	}
	view, err := v.afar(newInput(s.c))(ctx, s, there)
	if err != nil || view.Verb == "" {
		return err
	}
	return s.host.Print(s.c, s.streams, view)
}

// words are those of this command, with these operands.
func (s *session) words(operands []string, without ...string) []string {
	return host.Words(s.c, strings.Fields(s.name), operands, func(flag string) bool { return slices.Contains(without, flag) })
}

// told are the streams of a command that reads in, nil for none, and says what it says to the user.
func (s *session) told(in io.Reader) host.Streams {
	return host.Streams{In: in, Out: s.streams.Out, Err: s.streams.Err}
}

// isHosts tells whether the flag is one that every verb of the host has.
func (s *session) isHosts(flag string) bool { return flagOf(s.host.Flags(), flag) != nil }

// outputFlags are what an answer depends on that is not printed by the program which has it.
var outputFlags = []string{"output", "format"}

// maxToken bounds a token that another machine issued, in octets.
const maxToken = 1 << 20

// issueAfar writes the token here that was issued there.
func issueAfar(file string) afar {
	return func(ctx context.Context, s *session, there host.Machine) (host.View, error) {
		if file == stdio {
			return host.View{}, there.Run(ctx, s.words([]string{stdio}), s.told(nil))
		}
		var text bytes.Buffer
		err := there.Run(ctx, s.words([]string{stdio}, outputFlags...), host.Streams{Out: &limited{&text, maxToken}, Err: s.streams.Err})
		if err != nil {
			return host.View{}, err
		}
		tok, err := token.Decode(bytes.NewReader(text.Bytes()), "what the other machine issued")
		if err != nil {
			return host.View{}, err
		}
		err = atomicfile.Output(file, token.Mode, func(w io.Writer) error {
			_, err := w.Write(text.Bytes())
			return err
		})
		if err != nil { // the token is lost, and nobody is to find it
			revoke := host.Words(s.c, []string{"token", "revoke"}, []string{tok.Name}, func(flag string) bool { return !s.isHosts(flag) })
			return host.View{}, unwritten(file, multierr.Append(err, there.Run(ctx, revoke, host.Streams{Out: io.Discard, Err: s.streams.Err})))
		}
		did := op.Issued{Grant: tok.Name, Site: tok.Issuer, URL: tok.URL, ExpiresAt: tok.ExpiresAt, Redemptions: tok.Uses}
		return host.View{Verb: "issued", Kind: "accessgrant", Name: did.Grant, Object: did}, nil // there it was said how long it can be redeemed
	}
}

// limited is a buffer that takes no more than so many octets.
type limited struct {
	to  *bytes.Buffer
	max int
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	if l.to.Len()+len(p) > l.max {
		return 0, fmt.Errorf("the answer has more than %d octets", l.max)
	}
	return l.to.Write(p)
}

// redeemAfar sends the token there. What is wrong with its file is found here.
func redeemAfar(file string) afar {
	return func(ctx context.Context, s *session, there host.Machine) (host.View, error) {
		tok, err := readToken(ctx, file, s.streams.In)
		if err != nil {
			return host.View{}, err
		}
		var text bytes.Buffer
		if err := token.Encode(&text, tok); err != nil {
			return host.View{}, err
		}
		return host.View{}, there.Run(ctx, s.words([]string{stdio}), s.told(&text))
	}
}

// documentsAfar sends the resources there that files have. What is wrong with the files is found here.
func documentsAfar(names []string) afar {
	return func(ctx context.Context, s *session, there host.Machine) (host.View, error) {
		docs, err := readDocuments(ctx, names, s.streams.In)
		if err != nil {
			return host.View{}, err
		}
		var text bytes.Buffer
		for _, d := range docs {
			fmt.Fprintf(&text, "---\n%s\n", d.JSON)
		}
		words := append(s.words(nil, "filename"), "--filename="+stdio)
		return host.View{}, there.Run(ctx, words, s.told(&text))
	}
}

// dumpAfar writes the dump here that was made there.
func dumpAfar(file string) afar {
	return func(ctx context.Context, s *session, there host.Machine) (host.View, error) {
		if file == stdio {
			return host.View{}, there.Run(ctx, s.words([]string{stdio}), s.told(nil))
		}
		file := dumpName(file, s.host.Namespace(s.c), time.Now())
		err := atomicfile.Output(file, dumpMode, func(w io.Writer) error {
			return there.Run(ctx, s.words([]string{stdio}, outputFlags...), host.Streams{Out: w, Err: s.streams.Err})
		})
		if err != nil {
			return host.View{}, err
		}
		return host.View{Verb: "written", Name: file, Object: map[string]string{"file": file}}, nil
	}
}
