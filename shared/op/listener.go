package op

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// CreateListener makes a place where clients of this site reach a service of the network.
type CreateListener struct {
	Name       string
	Port       int    // 1 to 65535
	RoutingKey string // empty: the name
	Host       string
	Credential string // name of the secret for TLS with clients; empty: no TLS
	Type       string // tcp
	Observer   string // the application protocol to watch for; empty: auto
	ExposePods bool   // offer each pod behind the service under its own name too
	Namespace  string // put into the resource; may be empty
	Wait       Wait
}

// Check finds everything wrong with the fields.
func (c CreateListener) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	f.is("port", validate.Port(c.Port))
	if c.RoutingKey != "" {
		f.is("routing-key", validate.RoutingKey(c.RoutingKey))
	}
	f.is("host", validate.Host(c.Host))
	if c.Credential != "" {
		f.is("tls-credentials", validate.Name(c.Credential))
	}
	f.oneOf("type", c.Type, v2alpha1.TypeTCP)
	checkObserver(&f, c.Observer)
	c.Wait.check(&f)
	return f.err
}

// Observers are what a listener can watch for.
var Observers = []string{"auto", "none", "http1", "http2"}

func checkObserver(f *faults, name string) {
	if name != "" {
		f.oneOf("observer", name, Observers...)
	}
}

// Object is the listener as a resource.
func (c CreateListener) Object() *v2alpha1.Listener {
	l := &v2alpha1.Listener{ObjectMeta: metav1.ObjectMeta{Name: c.Name, Namespace: c.Namespace}}
	v2alpha1.SetTypeMeta(l)
	l.Spec = v2alpha1.ListenerSpec{RoutingKey: orElse(c.RoutingKey, c.Name), Host: c.Host, Port: c.Port, TLSCredentials: c.Credential, Type: c.Type,
		Observer: c.Observer, ExposePodsByName: c.ExposePods}
	return l
}

// Run makes the listener and waits for it to take effect. It is safe to run again.
func (c CreateListener) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	return listen(ctx, p, c.Object(), v2alpha1.KindMultiKeyListener, c.Credential, c.Wait, say)
}

// UpdateListener changes what is given of a listener, and nothing else.
type UpdateListener struct {
	Name       string
	Port       *int // 1 to 65535
	RoutingKey *string
	Host       *string
	Credential *string // empty: no TLS any more
	Type       *string
	Observer   *string
	ExposePods *bool
	Wait       Wait
}

// Check finds everything wrong with the fields.
func (c UpdateListener) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	checkService(&f, c.Port, c.RoutingKey, c.Credential, c.Type)
	checkObserver(&f, orZero(c.Observer))
	if c.Host != nil {
		f.is("host", validate.Host(*c.Host))
	}
	if c == (UpdateListener{Name: c.Name, Wait: c.Wait}) {
		f.add("nothing to change is given")
	}
	c.Wait.check(&f)
	return f.err
}

// checkService checks the flags that updates of listeners and connectors share.
func checkService(f *faults, port *int, key, credential, kind *string) {
	if port != nil {
		f.is("port", validate.Port(*port))
	}
	if key != nil {
		f.is("routing-key", validate.RoutingKey(*key))
	}
	if credential != nil && *credential != "" {
		f.is("tls-credentials", validate.Name(*credential))
	}
	if kind != nil {
		f.oneOf("type", *kind, v2alpha1.TypeTCP)
	}
}

// Run changes the listener and waits for it to take effect.
func (c UpdateListener) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	return listenAnew(ctx, p, v2alpha1.KindListener, c.Name, c.change, c.Credential, c.Port != nil || c.Host != nil, c.Wait, say)
}

func (c UpdateListener) change(l *v2alpha1.Listener) error {
	set(&l.Spec.Port, c.Port)
	set(&l.Spec.RoutingKey, c.RoutingKey)
	set(&l.Spec.Host, c.Host)
	set(&l.Spec.TLSCredentials, c.Credential)
	set(&l.Spec.Type, c.Type)
	set(&l.Spec.Observer, c.Observer)
	set(&l.Spec.ExposePodsByName, c.ExposePods)
	return nil
}

func set[T any](field *T, given *T) {
	if given != nil {
		*field = *given
	}
}
