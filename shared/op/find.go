package op

import (
	"context"
	"fmt"
	"strings"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
)

// list is all resources of a kind; name, unless empty, picks one, which must exist.
func list[T v2alpha1.Object](ctx context.Context, store site.Store, kind, name string) ([]T, error) {
	var all []v2alpha1.Object
	if name != "" {
		obj, err := store.Get(ctx, kind, name)
		if err != nil {
			return nil, absent(kind, name, store, "get", err)
		}
		all = []v2alpha1.Object{obj}
	} else {
		var err error
		if all, err = store.List(ctx, kind); err != nil {
			return nil, fmt.Errorf("list resources of kind %s: %w", kind, err)
		}
	}
	out := make([]T, 0, len(all))
	for _, obj := range all {
		typed, ok := obj.(T)
		if !ok {
			return nil, fmt.Errorf("list resources of kind %s: the store gave a %T", kind, obj)
		}
		out = append(out, typed)
	}
	return out, nil
}

// theSite is the site of that name or, if name is empty, the only one there is.
func theSite(ctx context.Context, store site.Store, name string) (*v2alpha1.Site, error) {
	sites, err := list[*v2alpha1.Site](ctx, store, v2alpha1.KindSite, name)
	if err != nil {
		return nil, err
	}
	switch len(sites) {
	case 0:
		return nil, fault.New(fault.Missing, "there is no site in namespace "+store.Namespace(), "`site create NAME`")
	case 1:
		return sites[0], nil
	}
	var names []string
	for _, s := range sites {
		names = append(names, s.Name)
	}
	return nil, fault.New(fault.Usage, fmt.Sprintf("there are %d sites (%s): name one", len(sites), strings.Join(names, ", ")), "")
}

// activeSite is the site that works: the only one or, where there are more, the one that is not refused as a second.
func activeSite(ctx context.Context, store site.Store) (*v2alpha1.Site, error) {
	sites, err := list[*v2alpha1.Site](ctx, store, v2alpha1.KindSite, "")
	if err != nil {
		return nil, err
	}
	if len(sites) == 0 {
		return nil, fault.New(fault.Missing, "there is no site in namespace "+store.Namespace(), "`site create NAME`")
	}
	for _, s := range sites {
		if s.Status.IsTrue(v2alpha1.ConditionConfigured) {
			return s, nil
		}
	}
	return sites[0], nil
}
