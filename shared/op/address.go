package op

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
)

// freeAddress refuses a listener whose host and port another one of the site has: one of the two could never work.
func freeAddress(ctx context.Context, p Ports, l v2alpha1.Object) error {
	taken, err := addresses(ctx, p.Store)
	if err != nil {
		return err
	}
	own := addressOf(l)
	for _, t := range taken {
		if t.port == own.port && clash(p, t.host, own.host) && (t.kind != own.kind || t.name != own.name) {
			return fault.New(fault.Conflict, fmt.Sprintf("%s %s: %s %s has %s:%d already", own.kind, own.name, t.kind, t.name, t.host, t.port),
				"choose another port, or another --host")
		}
	}
	return nil
}

type address struct {
	kind, name, host string
	port             int
}

func addressOf(o v2alpha1.Object) address {
	switch o := o.(type) {
	case *v2alpha1.Listener:
		return address{"listener", o.Name, o.Spec.Host, o.Spec.Port}
	case *v2alpha1.MultiKeyListener:
		return address{"multikeylistener", o.Name, o.Spec.Host, o.Spec.Port}
	}
	return address{}
}

func addresses(ctx context.Context, store site.Store) ([]address, error) {
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
			out = append(out, addressOf(o))
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
