package site

import (
	"errors"
	"fmt"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// attached plans the connectors of other namespaces. One needs a binding of the same name here, which names its
// namespace.
func (p *planner) attached() {
	paired := map[string]bool{}
	for _, a := range p.in.AttachedConnectors {
		b := p.bindingFor(a)
		p.set(a, v2alpha1.ConditionConfigured, p.attach(a, b))
		if b != nil && b.Spec.ConnectorNamespace == a.Namespace {
			paired[b.Name] = true
			p.set(b, v2alpha1.ConditionConfigured, validate.Object(b))
		}
	}
	for _, b := range p.in.Bindings {
		if !paired[b.Name] {
			p.set(b, v2alpha1.ConditionConfigured, errors.New("No matching AttachedConnector")) //nolint:staticcheck // matched on by others
		}
		p.matched(b, v2alpha1.ConditionMatched, p.used(b.Spec.RoutingKey), v2alpha1.MessagePending)
	}
}

func errNoBinding() error {
	return errors.New("No matching AttachedConnectorBinding in site namespace") //nolint:staticcheck // matched on by others
}

// bindingFor is the binding of an attached connector; nil if there is none.
func (p *planner) bindingFor(a *v2alpha1.AttachedConnector) *v2alpha1.AttachedConnectorBinding {
	for _, b := range p.in.Bindings {
		if b.Name == a.Name {
			return b
		}
	}
	return nil
}

func (p *planner) attach(a *v2alpha1.AttachedConnector, b *v2alpha1.AttachedConnectorBinding) error {
	a.Status.SelectedPods = nil
	switch {
	case p.local:
		return errors.New("a local site has no other namespaces to attach")
	case b == nil:
		return errNoBinding()
	case b.Spec.ConnectorNamespace != a.Namespace:
		return fmt.Errorf("AttachedConnectorBinding %s/%s does not allow AttachedConnector in %s (only %s)",
			b.Namespace, b.Name, a.Namespace, b.Spec.ConnectorNamespace)
	}
	if err := multierr.Combine(validate.Object(a), validate.Object(b)); err != nil {
		return err
	}
	targets := p.in.Targets[a.Namespace+"/"+a.Name]
	a.Status.SelectedPods = pods(targets)
	return p.bridge(bridge{kind: v2alpha1.KindAttachedConnector, name: a.Name, key: b.Spec.RoutingKey, port: a.Spec.Port, creds: a.Spec.TLSCredentials,
		clientCert: a.Spec.UseClientCert, byName: b.Spec.ExposePodsByName}, targets)
}
