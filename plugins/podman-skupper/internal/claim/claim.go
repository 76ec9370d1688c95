// Package claim redeems tokens for a local site, so that the end of the process at any point loses nothing.
//
// The key is kept before the token is shown (package redeem); what came for it is kept as a whole in a journal before
// it is taken apart into resources; the journal goes when all of them are stored. Whoever redeems the token again after
// a crash, or the agent, goes on from there. No site is needed: the link is made when there is one.
package claim

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant/redeem"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/site"
	"github.com/skupper-plugins/suite/shared/token"
)

// Redeemer redeems tokens for one namespace.
type Redeemer struct {
	Store *filestore.Store
	Now   func() time.Time

	// Progress is told of each try that failed and is made again after a wait. May be nil.
	Progress func(err error, wait time.Duration)

	// Anew has a token redeemed again whose links are there: their credentials are replaced.
	Anew bool

	// Wanted tells whether a token is to be redeemed still, when the answer has come. Nil: it is.
	Wanted func(ctx context.Context) bool
}

// Redeem implements op.Redeemer.
func (r Redeemer) Redeem(ctx context.Context, tok token.Token) ([]string, error) {
	if err := tok.Check(); err != nil {
		return nil, err
	}
	if links, found, err := r.finish(ctx, tok.Name); found || err != nil {
		return links, err
	}
	links, secret, err := r.linksOf(ctx, tok.Name)
	if err != nil {
		return nil, err
	}
	if len(links) > 0 && !r.Anew {
		return links, r.forgetKeys(secret)
	}
	client := redeem.Client{Pending: redeem.Dir(r.Store.Dir().Pending()), Proxy: http.ProxyFromEnvironment, Progress: r.Progress}
	_, err = client.Redeem(ctx, r.Now(), tok, r.Store.Namespace(), func(ctx context.Context, res redeem.Result) error {
		if r.Wanted != nil && !r.Wanted(ctx) {
			return errors.Join(fault.New(fault.Missing, "token "+tok.Name+" was deleted while it was redeemed: what came for it is not kept", ""), r.forgetKeys(res.Secret))
		}
		if err := r.writeJournal(tok.Name, res); err != nil {
			return err
		}
		links, _, err = r.finish(ctx, tok.Name)
		return err
	})
	return links, err
}

// Resume stores what is left of redemptions that were cut off after the answer had come, unless that was less than age ago: then
// somebody may be about to store it.
func (r Redeemer) Resume(ctx context.Context, age time.Duration) error {
	entries, err := r.pending()
	if err != nil {
		return err
	}
	var faults []error
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), journalSuffix)
		if !ok || atomicfile.IsTemp(e.Name()) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // it is gone
		}
		if old := r.Now().Sub(info.ModTime()); old >= 0 && old < age {
			continue
		}
		_, _, err = r.finish(ctx, name)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// pending are the files of redemptions that are under way, or were cut off.
func (r Redeemer) pending() ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(r.Store.Dir().Pending())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Failed, "look for redemptions", err, "")
	}
	return entries, nil
}

// Forget implements op.Forgetter.
func (r Redeemer) Forget(context.Context) (tokens []string, err error) {
	entries, err := r.pending()
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(r.Store.Dir().Pending(), e.Name())); err != nil {
			return tokens, fault.Wrap(fault.Failed, "forget a redemption that was cut off", err, "")
		}
		if name, ok := strings.CutSuffix(e.Name(), journalSuffix); ok && !atomicfile.IsTemp(e.Name()) {
			tokens = append(tokens, name)
		}
	}
	return tokens, nil
}

const journalSuffix = ".yaml"

func (r Redeemer) journal(name string) string {
	return filepath.Join(r.Store.Dir().Pending(), name+journalSuffix)
}

// writeJournal keeps an answer as a whole. The names in it were checked: they are file names.
func (r Redeemer) writeJournal(name string, res redeem.Result) error {
	res.Secret.Annotations = map[string]string{site.AnnotationRedeemed: "true"}
	objs := []v2alpha1.Object{res.Secret}
	for _, l := range res.Links {
		objs = append(objs, l)
	}
	var b bytes.Buffer
	if err := manifest.Write(&b, objs...); err != nil {
		return err
	}
	if err := filestore.MakeDir(r.Store.Dir().Pending(), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(r.journal(name), 0o600, b.Bytes())
}

// finish stores what a journal has and removes it.
func (r Redeemer) finish(ctx context.Context, name string) (links []string, found bool, err error) {
	docs, err := manifest.ReadFile(r.journal(name))
	if fault.Is(err, fault.Missing) {
		return nil, false, nil
	}
	if err != nil {
		return nil, true, err
	}
	for _, d := range docs {
		if err := r.put(ctx, d.Object); err != nil {
			return nil, true, fmt.Errorf("store what token %s was redeemed for: %w", name, err)
		}
		if d.Kind == v2alpha1.KindLink {
			links = append(links, d.Name)
		}
	}
	if err := os.Remove(r.journal(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return links, true, fault.Wrap(fault.Failed, "forget a redemption that is done", err, "")
	}
	for _, d := range docs {
		if s, ok := d.Object.(*v2alpha1.Secret); ok {
			err = r.forgetKeys(s)
		}
	}
	return links, true, err
}

// forgetKeys removes the keys kept for a redemption whose secret has them now.
func (r Redeemer) forgetKeys(s *v2alpha1.Secret) error {
	kept, err := filepath.Glob(filepath.Join(r.Store.Dir().Pending(), "*.key"))
	if err != nil {
		return err
	}
	for _, path := range kept {
		key, err := os.ReadFile(path)
		if err != nil {
			continue // somebody else was faster
		}
		if !bytes.Equal(bytes.TrimSpace(s.Data[v2alpha1.SecretKeyKey]), bytes.TrimSpace(key)) {
			continue
		}
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fault.Wrap(fault.Failed, "forget a redemption that is done", err, "")
		}
	}
	return nil
}

// put creates a resource, or makes the one that is there the same.
func (r Redeemer) put(ctx context.Context, obj v2alpha1.Object) error {
	err := r.Store.Create(ctx, obj)
	if !fault.Is(err, fault.Conflict) {
		return err
	}
	_, err = r.Store.Update(ctx, v2alpha1.KindOf(obj), obj.GetName(), func(old v2alpha1.Object) error {
		switch o := old.(type) {
		case *v2alpha1.Secret:
			s, _ := obj.(*v2alpha1.Secret)
			o.Data, o.Type = s.Data, s.Type
		case *v2alpha1.Link:
			l, _ := obj.(*v2alpha1.Link)
			if o.Spec.TLSCredentials != l.Spec.TLSCredentials { // the other site chose the name
				return fault.New(fault.Conflict, "there is another link of the name "+o.Name, "if it is of no use any more: `link delete "+o.Name+"`, and redeem the token again")
			}
			o.Spec = l.Spec
		}
		return nil
	})
	return err
}

// linksOf are the links that use the credentials a token was redeemed for, if these are there too.
func (r Redeemer) linksOf(ctx context.Context, name string) ([]string, *v2alpha1.Secret, error) {
	obj, err := r.Store.Get(ctx, v2alpha1.KindSecret, name)
	if fault.Is(err, fault.Missing) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	all, err := r.Store.List(ctx, v2alpha1.KindLink)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, o := range all {
		if l, ok := o.(*v2alpha1.Link); ok && l.Spec.TLSCredentials == name {
			names = append(names, l.Name)
		}
	}
	secret, _ := obj.(*v2alpha1.Secret)
	return names, secret, nil
}
