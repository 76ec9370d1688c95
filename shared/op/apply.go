package op

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/site"
	"github.com/skupper-plugins/suite/shared/validate"
)

// Apply creates or changes resources so that they are as documents say. It can be run again and again.
type Apply struct {
	Documents []manifest.Document
	Settle    Settle
}

// DeleteDocuments deletes the resources that documents name.
type DeleteDocuments struct {
	Documents []manifest.Document
	Gone      Gone
}

// Check finds everything wrong with any of the documents, so that nothing is applied unless all can be.
func (c Apply) Check() error {
	f := checkDocuments(c.Documents)
	c.Settle.check(f)
	for _, d := range c.Documents {
		if d.Object == nil {
			continue
		}
		for _, err := range multierr.Errors(validate.Object(d.Object)) {
			f.add("%s: %s %s: %w", d.Where(), d.Kind, d.Name, err)
		}
	}
	return f.err
}

// Check finds everything wrong with any of the documents.
func (c DeleteDocuments) Check() error {
	f := checkDocuments(c.Documents)
	c.Gone.check(f)
	return f.err
}

func checkDocuments(docs []manifest.Document) *faults {
	f := new(faults)
	if len(docs) == 0 {
		f.add("there is no resource in what filename names")
	}
	seen := map[string]string{}
	for _, d := range docs {
		switch d.Kind {
		case v2alpha1.KindAttachedConnector, v2alpha1.KindAttachedConnectorBinding:
			f.add("%s: kind %s means nothing on a local site", d.Where(), d.Kind)
		}
		key := d.Kind + " " + d.Name
		if first, again := seen[key]; again {
			f.add("%s: %s is given again, first at %s", d.Where(), key, first)
			continue
		}
		seen[key] = d.Where()
	}
	return f
}

// Run applies all documents; the site first and what links need before them. It goes on after one that fails, and gives all
// failures as one error.
func (c Apply) Run(ctx context.Context, p Ports, say Progress) ([]Changed, error) {
	if err := oneSite(ctx, p, c.Documents); err != nil {
		return nil, err
	}
	var all []Changed
	var failed error
	for _, d := range inOrder(c.Documents) {
		did, err := apply(ctx, p.Store, d.Object)
		if err != nil {
			failed = multierr.Append(failed, fmt.Errorf("%s: apply %s %s: %w", d.Where(), d.Kind, d.Name, err))
			continue
		}
		did.Notes = append(did.Notes, foreign(p, d)...)
		all = append(all, did)
	}
	stopped, err := inEffect(ctx, p, c.Settle, say)
	if stopped && len(all) > 0 {
		last := &all[len(all)-1]
		last.Notes = append(last.Notes, "the site is stopped: this takes effect when it is started")
	}
	return all, multierr.Append(failed, err)
}

// oneSite refuses a second site before anything is stored.
func oneSite(ctx context.Context, p Ports, docs []manifest.Document) error {
	sites, err := list[*v2alpha1.Site](ctx, p.Store, v2alpha1.KindSite, "")
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, s := range sites {
		names[s.Name] = true
	}
	for _, d := range docs {
		if d.Kind == v2alpha1.KindSite {
			names[d.Name] = true
		}
	}
	if len(names) > max(1, len(sites)) {
		return fault.New(fault.Conflict, fmt.Sprintf("namespace %s can have one site, and would have %s", p.Store.Namespace(), strings.Join(sorted(names), " and ")),
			"another site needs another namespace")
	}
	return nil
}

// foreign notes that a document names another namespace: it is taken into this one all the same, so that what was written for
// one place can be used at another.
func foreign(p Ports, d manifest.Document) []string {
	if d.Namespace == "" || d.Namespace == p.Store.Namespace() {
		return nil
	}
	return []string{fmt.Sprintf("%s: %s %s names namespace %s, and is taken for %s", d.Where(), d.Kind, d.Name, d.Namespace, p.Store.Namespace())}
}

// inOrder puts the kinds in the order in which they are best created, secrets first.
func inOrder(docs []manifest.Document) []manifest.Document {
	rank := map[string]int{v2alpha1.KindSecret: 0}
	for i, k := range v2alpha1.Kinds() {
		rank[k.Kind] = i + 1
	}
	out := slices.Clone(docs)
	slices.SortStableFunc(out, func(a, b manifest.Document) int { return rank[a.Kind] - rank[b.Kind] })
	return out
}

func apply(ctx context.Context, store site.Store, obj v2alpha1.Object) (Changed, error) {
	did := Changed{Did: Created, Kind: v2alpha1.KindOf(obj), Name: obj.GetName(), Object: obj}
	if s, ok := obj.(*v2alpha1.Secret); ok {
		s.MergeStringData()
	}
	obj.SetNamespace(store.Namespace())
	err := store.Create(ctx, obj)
	if err == nil || !fault.Is(err, fault.Conflict) {
		return did, err
	}
	return patch(ctx, store, did.Kind, did.Name, func(old v2alpha1.Object) error { return overwrite(old, obj) })
}

// overwrite makes the spec of old that of obj, and puts the labels and annotations of obj over those of old: others may have
// added theirs.
func overwrite(old, obj v2alpha1.Object) error {
	old.SetLabels(merged(old.GetLabels(), obj.GetLabels()))
	old.SetAnnotations(merged(old.GetAnnotations(), obj.GetAnnotations()))
	if s, ok := obj.(*v2alpha1.Secret); ok {
		to, ok := old.(*v2alpha1.Secret)
		if !ok {
			return fmt.Errorf("the store gave a %T for a secret", old)
		}
		if to.Immutable != nil && *to.Immutable && !reflect.DeepEqual(to.Data, s.Data) {
			return fault.New(fault.Conflict, "secret "+s.Name+" is immutable", "delete it first")
		}
		to.Type, to.Data, to.Immutable = s.Type, s.Data, s.Immutable
		return nil
	}
	to, from := reflect.ValueOf(old).Elem().FieldByName("Spec"), reflect.ValueOf(v2alpha1.DeepCopy(obj)).Elem().FieldByName("Spec")
	if !to.IsValid() || !from.IsValid() || to.Type() != from.Type() {
		return fmt.Errorf("the store gave a %T for a %T", old, obj)
	}
	to.Set(from)
	return nil
}

func merged(old, add map[string]string) map[string]string {
	if len(add) == 0 {
		return old
	}
	out := map[string]string{}
	for k, v := range old {
		out[k] = v
	}
	for k, v := range add {
		out[k] = v
	}
	return out
}

// Run deletes what the documents name. What is not there is noted, and a fault.Missing after all others are deleted.
func (c DeleteDocuments) Run(ctx context.Context, p Ports, say Progress) ([]Changed, error) {
	var all []Changed
	var failed error
	docs := inOrder(c.Documents)
	slices.Reverse(docs)
	for _, d := range docs {
		did, err := remove(ctx, p, d.Kind, d.Name, Gone{}, say)
		if err != nil {
			failed = multierr.Append(failed, err)
			continue
		}
		did.Notes = append(did.Notes, foreign(p, d)...)
		all = append(all, did)
	}
	_, err := inEffect(ctx, p, c.Gone, say)
	return all, multierr.Append(failed, err)
}
