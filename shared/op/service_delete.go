package op

import (
	"context"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// DeleteListener removes a listener, of one key or several.
type DeleteListener struct {
	Name string
	Gone Gone
}

// DeleteResource removes a resource of a kind that needs nothing else done.
type DeleteResource struct {
	Kind string
	Name string
	Gone Gone
}

// DeleteConnector removes a connector.
type DeleteConnector struct {
	Name string
	Gone Gone
}

// Check finds everything wrong with the fields.
func (c DeleteListener) Check() error { return checkDelete(c.Name, c.Gone) }

// Check finds everything wrong with the fields.
func (c DeleteResource) Check() error { return checkDelete(c.Name, c.Gone) }

// Check finds everything wrong with the fields.
func (c DeleteConnector) Check() error { return checkDelete(c.Name, c.Gone) }

// Run removes the listener.
func (c DeleteListener) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	kind, err := ListenerKind(ctx, p, c.Name)
	if err != nil {
		return Changed{}, err
	}
	return removeService(ctx, p, kind, c.Name, c.Gone, say)
}

// Run removes the resource.
func (c DeleteResource) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	return removeService(ctx, p, c.Kind, c.Name, c.Gone, say)
}

// Run removes the connector.
func (c DeleteConnector) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	return removeService(ctx, p, v2alpha1.KindConnector, c.Name, c.Gone, say)
}

func checkDelete(name string, g Gone) error {
	var f faults
	f.is("name", validate.Name(name))
	g.check(&f)
	return f.err
}

func removeService(ctx context.Context, p Ports, kind, name string, g Gone, say Progress) (Changed, error) {
	did, err := remove(ctx, p, kind, name, g, say)
	if err != nil {
		return did, err
	}
	_, err = inEffect(ctx, p, g, say)
	return did, err
}
