package op

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
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
	c.Wait.check(&f)
	return f.err
}

// Object is the listener as a resource.
func (c CreateListener) Object() *v2alpha1.Listener {
	l := &v2alpha1.Listener{ObjectMeta: metav1.ObjectMeta{Name: c.Name, Namespace: c.Namespace}}
	v2alpha1.SetTypeMeta(l)
	l.Spec = v2alpha1.ListenerSpec{RoutingKey: orElse(c.RoutingKey, c.Name), Host: c.Host, Port: c.Port, TLSCredentials: c.Credential, Type: c.Type}
	return l
}

// Run makes the listener and waits for it to take effect. It is safe to run again.
func (c CreateListener) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	obj := c.Object()
	if err := needSecret(ctx, p, c.Credential); err != nil {
		return Changed{}, err
	}
	if err := freeAddress(ctx, p, obj); err != nil {
		return Changed{}, err
	}
	did, err := create(ctx, p.Store, obj)
	if err != nil {
		return did, err
	}
	return did, takeEffect(ctx, p, &did, c.Wait, say)
}

// UpdateListener changes what is given of a listener, and nothing else.
type UpdateListener struct {
	Name       string
	Port       *int // 1 to 65535
	RoutingKey *string
	Host       *string
	Credential *string // empty: no TLS any more
	Type       *string
	Wait       Wait
}

// Check finds everything wrong with the fields.
func (c UpdateListener) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	checkService(&f, c.Port, c.RoutingKey, c.Credential, c.Type)
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
	if c.Credential != nil {
		if err := needSecret(ctx, p, *c.Credential); err != nil {
			return Changed{}, err
		}
	}
	old, err := list[*v2alpha1.Listener](ctx, p.Store, v2alpha1.KindListener, c.Name)
	if err != nil {
		return Changed{}, err
	}
	c.change(old[0])
	if c.Port != nil || c.Host != nil {
		if err := freeAddress(ctx, p, old[0]); err != nil {
			return Changed{}, err
		}
	}
	did, err := patch(ctx, p.Store, v2alpha1.KindListener, c.Name, func(l *v2alpha1.Listener) error {
		c.change(l)
		return nil
	})
	if err != nil {
		return did, err
	}
	return did, takeEffect(ctx, p, &did, c.Wait, say)
}

func (c UpdateListener) change(l *v2alpha1.Listener) {
	set(&l.Spec.Port, c.Port)
	set(&l.Spec.RoutingKey, c.RoutingKey)
	set(&l.Spec.Host, c.Host)
	set(&l.Spec.TLSCredentials, c.Credential)
	set(&l.Spec.Type, c.Type)
}

func set[T any](field *T, given *T) {
	if given != nil {
		*field = *given
	}
}

// freeAddress refuses a listener whose host and port another one of the site has: one of the two could never work.
func freeAddress(ctx context.Context, p Ports, l *v2alpha1.Listener) error {
	taken, err := addresses(ctx, p.Store, l.Name)
	if err != nil {
		return err
	}
	for _, t := range taken {
		if t.port == l.Spec.Port && clash(p, t.host, l.Spec.Host) {
			return fault.New(fault.Conflict, fmt.Sprintf("listener %s: %s %s has %s:%d already", l.Name, t.kind, t.name, t.host, t.port),
				"choose another port, or another --host")
		}
	}
	return nil
}

type address struct {
	kind, name, host string
	port             int
}

func addresses(ctx context.Context, store site.Store, but string) ([]address, error) {
	var out []address
	for _, kind := range []string{v2alpha1.KindListener, v2alpha1.KindMultiKeyListener} {
		all, err := store.List(ctx, kind)
		if fault.Is(err, fault.Usage) {
			continue // an older cluster does not know every kind
		}
		if err != nil {
			return nil, fmt.Errorf("look for other listeners: %w", err)
		}
		for _, o := range all {
			switch o := o.(type) {
			case *v2alpha1.Listener:
				if o.Name != but {
					out = append(out, address{"listener", o.Name, o.Spec.Host, o.Spec.Port})
				}
			case *v2alpha1.MultiKeyListener:
				out = append(out, address{"multikeylistener", o.Name, o.Spec.Host, o.Spec.Port})
			}
		}
	}
	return out, nil
}

// clash tells whether two listeners on the same port cannot both be: their hosts are the same or, on a local site, where a
// host is an address to bind, one of them is every address of the family.
func clash(p Ports, a, b string) bool {
	if sameHost(a, b) {
		return true
	}
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	if p.System == nil || errX != nil || errY != nil {
		return false
	}
	return (x.IsUnspecified() || y.IsUnspecified()) && (x.Is4() == y.Is4() || x.IsUnspecified() && x.Is6() || y.IsUnspecified() && y.Is6())
}

// Address is host and port of a listener as clients write them.
func Address(host string, port int) string {
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(port)
}
