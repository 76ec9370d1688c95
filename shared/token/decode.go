package token

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/manifest"
)

const hintWrong = "check that this is the right file"

// Decode reads a token file; name is what to call it in messages. Every fault is a fault.Usage that tells all that is
// wrong and what to do next, never with the code in it.
func Decode(r io.Reader, name string) (Token, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return Token{}, fault.Wrap(fault.Failed, "read the token "+name, err, "")
	}
	if err := identify(text, name); err != nil {
		return Token{}, err
	}
	docs, err := manifest.Read(bytes.NewReader(text), name)
	if err != nil {
		return Token{}, malformed(name, err)
	}
	obj, ok := docs[0].Object.(*v2alpha1.AccessToken)
	if !ok {
		return Token{}, fault.New(fault.Usage, name+" is no token", hintWrong)
	}
	t, err := Of(obj)
	var f *fault.Error
	if errors.As(err, &f) {
		f.Msg = "the token in " + name + " cannot be used"
	}
	return t, err
}

// identify makes sure that the text is one AccessToken document, and says what it is if it is something else.
func identify(text []byte, name string) error {
	refuse := func(hint, format string, args ...any) error {
		return fault.New(fault.Usage, name+" "+fmt.Sprintf(format, args...), hint)
	}
	switch {
	case len(text) > MaxFile:
		return refuse(hintWrong, "is no token: it has more than %d octets", MaxFile)
	case len(bytes.TrimSpace(text)) == 0:
		return refuse(hintAgain, "is empty")
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		return refuse(hintWrong, "is no token: it is not text")
	}
	loose := manifest.Options{UnknownKinds: manifest.Keep, UnknownFields: true}
	docs, err := loose.Read(bytes.NewReader(text), name)
	if err != nil {
		return malformed(name, err)
	}
	var kinds []string
	tokens := 0
	for _, d := range docs {
		kinds = append(kinds, d.Kind)
		switch obj := d.Object.(type) {
		case *v2alpha1.AccessToken:
			tokens++
		case *v2alpha1.Secret:
			if v := obj.Labels["skupper.io/type"]; v == "token-claim" || v == "connection-token" {
				return refuse("have one issued at a version 2 site: `token issue FILE`",
					"is a token of Skupper version 1, which version 2 cannot redeem")
			}
		}
		if d.Kind == v2alpha1.KindAccessToken && d.Object == nil {
			return refuse("have it issued by a version that writes "+v2alpha1.APIVersion,
				"is a token of apiVersion %q, want %s", clip(d.APIVersion), v2alpha1.APIVersion)
		}
	}
	switch {
	case tokens == 1 && len(docs) == 1:
		return nil
	case slices.Contains(kinds, v2alpha1.KindLink):
		return refuse("system apply -f "+name,
			"is a link file, not a token: it holds the credentials already and is applied, not redeemed")
	case tokens > 0:
		return refuse("put each document in a file of its own", "has %d documents (%s), want one AccessToken", len(docs), list(kinds))
	case slices.Contains(kinds, v2alpha1.KindAccessGrant):
		return refuse("`token issue FILE`, at the site that has the grant",
			"is a grant, not a token: tokens are made from it at its own site")
	}
	return refuse(hintWrong, "is no token: it has %s, want one AccessToken", list(kinds))
}

// list is kinds in a form that can be shown.
func list(kinds []string) string {
	const most = 5
	var out []string
	for _, k := range kinds[:min(len(kinds), most)] {
		out = append(out, fmt.Sprintf("%q", clip(k)))
	}
	if len(kinds) > most {
		out = append(out, "…")
	}
	if len(out) == 0 {
		return "no document"
	}
	return strings.Join(out, ", ")
}

// A code of digits only, without quotes, is a number to YAML; the message about that would show it.
var shownCode = regexp.MustCompile(`(spec\.code is )[^,]*,`)

func malformed(name string, err error) error {
	msg := shownCode.ReplaceAllString(err.Error(), "${1}not text,")
	return fault.New(fault.Usage, name+" is not a well-formed token: "+strings.TrimPrefix(msg, name+": "), hintAgain)
}
