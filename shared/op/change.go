package op

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
)

// Changed is what a verb did to one resource.
type Changed struct {
	Did    Did
	Kind   string // "Listener"
	Name   string
	Object v2alpha1.Object // as it is now; nil if it is gone
	Notes  []string        // what the user should know, a sentence each
}

// Did is a past participle for a result line.
type Did string

// What can have been done.
const (
	Created   Did = "created"
	Updated   Did = "updated"
	Unchanged Did = "unchanged"
	Deleted   Did = "deleted"
	Revoked   Did = "revoked"
)

// errUnchanged stops an update that would change nothing.
var errUnchanged = errors.New("unchanged")

// create adds a resource. One that is there already and is the same is left as it is; if it differs, that is a
// fault.Conflict.
func create(ctx context.Context, store site.Store, obj v2alpha1.Object) (Changed, error) {
	kind, name := v2alpha1.KindOf(obj), obj.GetName()
	did := Changed{Did: Created, Kind: kind, Name: name, Object: obj}
	err := store.Create(ctx, obj)
	if err == nil {
		return did, nil
	}
	lower := strings.ToLower(kind)
	if !fault.Is(err, fault.Conflict) {
		return did, fmt.Errorf("create %s %s: %w", lower, name, err)
	}
	old, getErr := store.Get(ctx, kind, name)
	if getErr != nil {
		return did, fmt.Errorf("create %s %s: %w", lower, name, errors.Join(err, getErr))
	}
	if !reflect.DeepEqual(specOf(old), specOf(obj)) {
		return did, fault.New(fault.Conflict, fmt.Sprintf("%s %s exists already and is different", lower, name),
			fmt.Sprintf("`%s update %s` changes it, `%s` shows it", Noun(kind), name, statusOf(kind, name)))
	}
	did.Did, did.Object = Unchanged, old
	return did, nil
}

// patch changes a resource in place, and only what change touches.
func patch[T v2alpha1.Object](ctx context.Context, store site.Store, kind, name string, change func(T) error) (Changed, error) {
	did := Changed{Did: Updated, Kind: kind, Name: name}
	obj, err := store.Update(ctx, kind, name, func(obj v2alpha1.Object) error {
		typed, ok := obj.(T)
		if !ok {
			return fmt.Errorf("the store gave a %T for kind %s", obj, kind)
		}
		before := v2alpha1.DeepCopy(obj)
		if err := change(typed); err != nil {
			return err
		}
		if reflect.DeepEqual(before, v2alpha1.Object(typed)) {
			did.Object = before
			return errUnchanged
		}
		return nil
	})
	if errors.Is(err, errUnchanged) {
		did.Did = Unchanged
		return did, nil
	}
	if err != nil {
		return did, absent(kind, name, store, "update", err)
	}
	did.Object = obj
	return did, nil
}

// absent words the error of a verb on a named resource.
func absent(kind, name string, store site.Store, verb string, err error) error {
	lower := strings.ToLower(kind)
	if fault.Is(err, fault.Missing) {
		return fault.New(fault.Missing, fmt.Sprintf("there is no %s %q in namespace %s", Noun(kind), name, store.Namespace()), "`"+Noun(kind)+" status` lists those there are")
	}
	return fmt.Errorf("%s %s %s: %w", verb, lower, name, err)
}

// specOf is a resource without what others write into it.
func specOf(obj v2alpha1.Object) any {
	if s, ok := obj.(*v2alpha1.Secret); ok {
		return []any{s.Type, s.Data}
	}
	return reflect.ValueOf(obj).Elem().FieldByName("Spec").Interface()
}

// takeEffect makes sure that somebody acts on a change, and waits for it as w says.
func takeEffect(ctx context.Context, p Ports, did *Changed, w Wait, say Progress) error {
	stopped, err := wake(ctx, p)
	if err != nil {
		return err
	}
	if stopped {
		did.Notes = append(did.Notes, "the site is stopped: this takes effect when it is started")
		return nil
	}
	if w.condition() == "" {
		return nil
	}
	if did.Kind != v2alpha1.KindSite && did.Kind != v2alpha1.KindAttachedConnector { // whose site is in another namespace
		sites, err := p.Store.List(ctx, v2alpha1.KindSite)
		if err != nil {
			return fmt.Errorf("look for a site: %w", err)
		}
		if len(sites) == 0 {
			did.Notes = append(did.Notes, "there is no site in namespace "+p.Store.Namespace()+" yet: this takes effect when there is one")
			return nil
		}
	}
	now, err := awaitCondition(ctx, p, did.Kind, did.Name, w, say)
	if now != nil {
		did.Object = now
	}
	return err
}

func wake(ctx context.Context, p Ports) (stopped bool, err error) {
	if p.System == nil {
		return false, nil
	}
	stopped, err = p.System.Wake(ctx)
	if err != nil {
		return stopped, fault.Wrap(fault.KindOf(err), "the change is stored, but nobody acts on it", err, "`system start`")
	}
	return stopped, nil
}
