package op

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// CreateAttachedConnector offers pods of a namespace to the site of another one, which must agree by a binding of the same name.
type CreateAttachedConnector struct {
	Name            string
	Port            int // 1 to 65535
	SiteNamespace   string
	Selector        string // label selector of pods; with neither it nor Workload: app=NAME
	Workload        string // TYPE/NAME
	IncludeNotReady bool
	Credential      string // name of a secret in the site's namespace; empty: no TLS
	UseClientCert   bool
	Type            string // tcp
	Namespace       string // put into the resource; may be empty
	Wait            Wait
}

// Check finds everything wrong with the fields.
func (c CreateAttachedConnector) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	f.is("port", validate.Port(c.Port))
	f.is("site-namespace", validate.Label(c.SiteNamespace))
	Target{Selector: c.Selector, Workload: c.Workload}.check(&f)
	if c.Credential != "" {
		f.is("tls-credentials", validate.Name(c.Credential))
	}
	f.oneOf("type", c.Type, v2alpha1.TypeTCP)
	c.Wait.check(&f)
	return f.err
}

// Object is the connector as a resource. A workload is not in it: that takes a cluster to find.
func (c CreateAttachedConnector) Object() *v2alpha1.AttachedConnector {
	o := &v2alpha1.AttachedConnector{ObjectMeta: metav1.ObjectMeta{Name: c.Name, Namespace: c.Namespace}}
	v2alpha1.SetTypeMeta(o)
	o.Spec = v2alpha1.AttachedConnectorSpec{SiteNamespace: c.SiteNamespace, Selector: orElse(c.Selector, "app="+c.Name), Port: c.Port,
		TLSCredentials: c.Credential, UseClientCert: c.UseClientCert, Type: c.Type, IncludeNotReadyPods: c.IncludeNotReady}
	return o
}

// Run makes the connector. It is safe to run again.
func (c CreateAttachedConnector) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	to, err := Target{Selector: c.Selector, Workload: c.Workload}.resolve(ctx, p)
	if err != nil {
		return Changed{}, err
	}
	c.Selector, c.Workload = to.Selector, ""
	did, err := create(ctx, p.Store, c.Object())
	if err != nil {
		return did, err
	}
	return did, takeEffect(ctx, p, &did, c.Wait, say)
}

// UpdateAttachedConnector changes what is given of one, and nothing else.
type UpdateAttachedConnector struct {
	Name            string
	Port            *int // 1 to 65535
	SiteNamespace   *string
	Selector        string // with neither it nor Workload: as it is
	Workload        string // TYPE/NAME
	IncludeNotReady *bool
	Credential      *string // empty: no TLS any more
	UseClientCert   *bool
	Wait            Wait
}

// Check finds everything wrong with the fields.
func (c UpdateAttachedConnector) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	checkService(&f, c.Port, nil, c.Credential, nil)
	if c.SiteNamespace != nil {
		f.is("site-namespace", validate.Label(*c.SiteNamespace))
	}
	Target{Selector: c.Selector, Workload: c.Workload}.check(&f)
	if c == (UpdateAttachedConnector{Name: c.Name, Wait: c.Wait}) {
		f.add("nothing to change is given")
	}
	c.Wait.check(&f)
	return f.err
}

// Run changes the connector.
func (c UpdateAttachedConnector) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	to, err := Target{Selector: c.Selector, Workload: c.Workload}.resolve(ctx, p)
	if err != nil {
		return Changed{}, err
	}
	did, err := patch(ctx, p.Store, v2alpha1.KindAttachedConnector, c.Name, func(o *v2alpha1.AttachedConnector) error {
		set(&o.Spec.Port, c.Port)
		set(&o.Spec.SiteNamespace, c.SiteNamespace)
		if to.Selector != "" {
			o.Spec.Selector = to.Selector
		}
		set(&o.Spec.IncludeNotReadyPods, c.IncludeNotReady)
		set(&o.Spec.TLSCredentials, c.Credential)
		set(&o.Spec.UseClientCert, c.UseClientCert)
		return nil
	})
	if err != nil {
		return did, err
	}
	return did, takeEffect(ctx, p, &did, c.Wait, say)
}

// CreateBinding lets an attached connector of another namespace, of the same name, offer its pods through this site.
type CreateBinding struct {
	Name               string
	ConnectorNamespace string
	RoutingKey         string // empty: the name
	ExposePods         bool   // offer each pod under its own name too
	Namespace          string // put into the resource; may be empty
	Wait               Wait
}

// Check finds everything wrong with the fields.
func (c CreateBinding) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	f.is("connector-namespace", validate.Label(c.ConnectorNamespace))
	if c.RoutingKey != "" {
		f.is("routing-key", validate.RoutingKey(c.RoutingKey))
	}
	c.Wait.check(&f)
	return f.err
}

// Object is the binding as a resource.
func (c CreateBinding) Object() *v2alpha1.AttachedConnectorBinding {
	o := &v2alpha1.AttachedConnectorBinding{ObjectMeta: metav1.ObjectMeta{Name: c.Name, Namespace: c.Namespace}}
	v2alpha1.SetTypeMeta(o)
	o.Spec = v2alpha1.AttachedConnectorBindingSpec{ConnectorNamespace: c.ConnectorNamespace, RoutingKey: orElse(c.RoutingKey, c.Name), ExposePodsByName: c.ExposePods}
	return o
}

// Run makes the binding. It is safe to run again.
func (c CreateBinding) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	did, err := create(ctx, p.Store, c.Object())
	if err != nil {
		return did, err
	}
	return did, takeEffect(ctx, p, &did, c.Wait, say)
}

// UpdateBinding changes what is given of a binding, and nothing else.
type UpdateBinding struct {
	Name               string
	ConnectorNamespace *string
	RoutingKey         *string
	ExposePods         *bool
	Wait               Wait
}

// Check finds everything wrong with the fields.
func (c UpdateBinding) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	checkService(&f, nil, c.RoutingKey, nil, nil)
	if c.ConnectorNamespace != nil {
		f.is("connector-namespace", validate.Label(*c.ConnectorNamespace))
	}
	if c == (UpdateBinding{Name: c.Name, Wait: c.Wait}) {
		f.add("nothing to change is given")
	}
	c.Wait.check(&f)
	return f.err
}

// Run changes the binding.
func (c UpdateBinding) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	did, err := patch(ctx, p.Store, v2alpha1.KindAttachedConnectorBinding, c.Name, func(o *v2alpha1.AttachedConnectorBinding) error {
		set(&o.Spec.ConnectorNamespace, c.ConnectorNamespace)
		set(&o.Spec.RoutingKey, c.RoutingKey)
		set(&o.Spec.ExposePodsByName, c.ExposePods)
		return nil
	})
	if err != nil {
		return did, err
	}
	return did, takeEffect(ctx, p, &did, c.Wait, say)
}
