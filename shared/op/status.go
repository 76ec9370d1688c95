package op

import (
	"context"
	"slices"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/validate"
)

// Status is what a status verb found: the resources with their state as it is now.
type Status[T v2alpha1.Object] struct {
	Items  []T
	Notes  []string
	NoSite bool // nothing can work before there is a site

	Unredeemed []*v2alpha1.AccessToken // of links: tokens that are still to bring one, as somebody goes on trying
}

// SiteStatus looks at the sites of a namespace, or at one.
type SiteStatus struct{ Name string }

// LinkStatus looks at the links of a site, or at one.
type LinkStatus struct{ Name string }

// ListenerStatus looks at the listeners of a site, of one key and of several, or at one.
type ListenerStatus struct{ Name string }

// ResourceStatus looks at the resources of a kind of which only the store knows, or at one.
type ResourceStatus[T v2alpha1.Object] struct {
	Kind string
	Name string
}

// ConnectorStatus looks at the connectors of a site, or at one.
type ConnectorStatus struct{ Name string }

// Check finds everything wrong with the fields.
func (c SiteStatus) Check() error { return optionalName(c.Name) }

// Check finds everything wrong with the fields.
func (c LinkStatus) Check() error { return optionalName(c.Name) }

// Check finds everything wrong with the fields.
func (c ListenerStatus) Check() error { return optionalName(c.Name) }

// Check finds everything wrong with the fields.
func (c ResourceStatus[T]) Check() error { return optionalName(c.Name) }

// Check finds everything wrong with the fields.
func (c ConnectorStatus) Check() error { return optionalName(c.Name) }

// Run looks, also at the site's links: what is wrong with them is told.
func (c SiteStatus) Run(ctx context.Context, p Ports) (Status[*v2alpha1.Site], error) {
	found, err := status(ctx, p, []string{v2alpha1.KindSite}, c.Name, live.site)
	runs := func(s *v2alpha1.Site) bool { return s.Status.IsTrue(v2alpha1.ConditionRunning) } // else that is what is wrong with all links
	if err == nil && slices.ContainsFunc(found.Items, runs) {
		found.Notes = append(found.Notes, faultyLinks(ctx, p)...)
	}
	return found, err
}

// Run looks.
func (c LinkStatus) Run(ctx context.Context, p Ports) (Status[*v2alpha1.Link], error) {
	found, err := status(ctx, p, []string{v2alpha1.KindLink}, c.Name, live.link)
	if fault.Is(err, fault.Missing) {
		return found, notYet(ctx, p, c.Name, err)
	}
	if err != nil || c.Name != "" {
		return found, err
	}
	others, err := incoming(ctx, p)
	if err != nil {
		return found, err
	}
	found.Notes = append(found.Notes, others...)
	found.Unredeemed, err = unredeemed(ctx, p)
	return found, err
}

// Run looks. Items are Listeners, and then MultiKeyListeners.
func (c ListenerStatus) Run(ctx context.Context, p Ports) (Status[v2alpha1.Object], error) {
	if c.Name != "" {
		kind, err := ListenerKind(ctx, p, c.Name)
		if err != nil {
			return Status[v2alpha1.Object]{}, err
		}
		return status(ctx, p, []string{kind}, c.Name, live.anyListener)
	}
	return status(ctx, p, []string{v2alpha1.KindListener, v2alpha1.KindMultiKeyListener}, "", live.anyListener)
}

// Run looks.
func (c ResourceStatus[T]) Run(ctx context.Context, p Ports) (Status[T], error) {
	return status(ctx, p, []string{c.Kind}, c.Name, func(_ live, o T) T {
		o = v2alpha1.DeepCopy(o).(T) //nolint:forcetypeassert // a copy is of the same type
		fill(o)
		return o
	})
}

// Run looks.
func (c ConnectorStatus) Run(ctx context.Context, p Ports) (Status[*v2alpha1.Connector], error) {
	return status(ctx, p, []string{v2alpha1.KindConnector}, c.Name, live.connector)
}

// status looks at resources of some kinds. Only the first of them must be known to the cluster: an older one lacks some.
func status[T v2alpha1.Object](ctx context.Context, p Ports, kinds []string, name string, merge func(live, T) T) (Status[T], error) {
	var found Status[T]
	var all []T
	for i, kind := range kinds {
		some, err := list[T](ctx, p.Store, kind, name)
		if i > 0 && fault.Is(err, fault.Usage) {
			continue
		}
		if err != nil {
			return found, err
		}
		all = append(all, some...)
	}
	if len(all) == 0 && p.System == nil {
		return found, nil // what there is in a cluster's namespace is not for one tool to say
	}
	if kinds[0] != v2alpha1.KindSite {
		var err error
		if found.Notes, err = noSite(ctx, p); err != nil {
			return found, err
		}
		found.NoSite = len(found.Notes) > 0
	}
	if len(all) == 0 {
		return found, nil
	}
	now := lookLive(ctx, p)
	found.Notes = append(found.Notes, now.notes...)
	for _, o := range all {
		found.Items = append(found.Items, merge(now, o))
	}
	return found, nil
}

func optionalName(name string) error {
	var f faults
	if name != "" {
		f.is("name", validate.Name(name))
	}
	return f.err
}
