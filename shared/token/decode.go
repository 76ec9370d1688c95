package token

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"sigs.k8s.io/yaml"
)

// Decode reads a token file; name is what to call it in messages. Every fault is a fault.Usage that tells all that is
// wrong and what to do next, never with the code in it.
func Decode(r io.Reader, name string) (Token, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return Token{}, fault.Wrap(fault.Failed, "read the token "+name, err, "")
	}
	doc, err := single(text, name)
	if err != nil {
		return Token{}, err
	}
	var obj v2alpha1.AccessToken
	if err := yaml.UnmarshalStrict(doc, &obj); err != nil {
		return Token{}, fault.New(fault.Usage, fmt.Sprintf("%s is not a well-formed token: %s", name, brief(err)), hintAgain)
	}
	t, err := Of(&obj)
	if err != nil {
		var f *fault.Error
		if errors.As(err, &f) {
			f.Msg = "the token in " + name + " cannot be used"
		}
		return Token{}, err
	}
	return t, nil
}

// header is what tells kinds of documents apart.
type header struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
}

// single finds the one AccessToken document of a file.
func single(text []byte, name string) ([]byte, error) {
	refuse := func(hint, format string, args ...any) error {
		return fault.New(fault.Usage, name+" "+fmt.Sprintf(format, args...), hint)
	}
	switch {
	case len(text) > MaxFile:
		return nil, refuse("check that this is the right file", "is no token: it has more than %d octets", MaxFile)
	case len(bytes.TrimSpace(text)) == 0:
		return nil, refuse(hintAgain, "is empty")
	case !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0:
		return nil, refuse("check that this is the right file", "is no token: it is not text")
	}
	docs := split(text)
	var found []byte
	var kinds []string
	for _, doc := range docs {
		var h header
		if err := yaml.Unmarshal(doc, &h); err != nil {
			return nil, refuse(hintAgain, "is no token: it is not YAML: %s", brief(err))
		}
		switch {
		case h.Kind == v2alpha1.KindAccessToken && h.APIVersion == v2alpha1.APIVersion:
			found = doc
		case h.Kind == v2alpha1.KindAccessToken:
			return nil, refuse("have it issued by a version that writes "+v2alpha1.APIVersion,
				"is a token of apiVersion %q, want %s", clip(h.APIVersion), v2alpha1.APIVersion)
		case h.Kind == v2alpha1.KindSecret && strings.HasPrefix(h.Metadata.Labels["skupper.io/type"], "token"),
			h.Kind == v2alpha1.KindSecret && h.Metadata.Labels["skupper.io/type"] == "connection-token":
			return nil, refuse("issue one at a version 2 site: token issue FILE", "is a token of Skupper version 1, which version 2 cannot redeem")
		}
		kinds = append(kinds, h.Kind)
	}
	switch {
	case len(kinds) == 1 && found != nil:
		return found, nil
	case slices.Contains(kinds, v2alpha1.KindLink):
		return nil, refuse("system apply -f "+name, "is a link file, not a token: it holds the credentials already and is applied, not redeemed")
	case len(kinds) > 1 && found != nil:
		return nil, refuse("put each document in a file of its own", "has %d documents (%s), want one AccessToken", len(kinds), strings.Join(kindNames(kinds), ", "))
	case slices.Contains(kinds, v2alpha1.KindAccessGrant):
		return nil, refuse("token issue FILE, at the site that has the grant", "is a grant, not a token: a token is made from it where it was created")
	}
	return nil, refuse("check that this is the right file", "is no token: it has %s, want one AccessToken", strings.Join(kindNames(kinds), ", "))
}

// kindNames is kinds as they can be shown.
func kindNames(kinds []string) []string {
	const most = 5
	var out []string
	for _, k := range kinds {
		if k == "" {
			k = "a document without kind"
		}
		if len(out) == most {
			return append(out, "…")
		}
		out = append(out, clip(k))
	}
	if len(out) == 0 {
		out = []string{"no document"}
	}
	return out
}

// split cuts a YAML text at its document markers and leaves out documents that have nothing but comments.
func split(text []byte) (docs [][]byte) {
	var doc []byte
	blank := true
	flush := func() {
		if !blank {
			docs = append(docs, doc)
		}
		doc, blank = nil, true
	}
	for line := range bytes.Lines(text) {
		trimmed := bytes.TrimSpace(line)
		if bytes.HasPrefix(line, []byte("---")) && (len(trimmed) == 3 || line[3] == ' ' || line[3] == '\t') {
			flush()
			if line = line[3:]; len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			trimmed = bytes.TrimSpace(line)
		}
		if len(trimmed) > 0 && trimmed[0] != '#' && string(trimmed) != "..." {
			blank = false
		}
		doc = append(doc, line...)
	}
	flush()
	return docs
}

// brief is a decoder's message without the layers it was wrapped in. These name fields and lines, never values.
func brief(err error) string {
	s := err.Error()
	for _, layer := range []string{"error converting YAML to JSON: ", "error unmarshaling JSON: ", "while decoding JSON: ", "yaml: ", "json: "} {
		s = strings.TrimPrefix(s, layer)
	}
	return clip(s)
}
