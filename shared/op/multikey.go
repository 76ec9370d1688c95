package op

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/validate"
)

// Strategies of a listener with several keys.
const (
	StrategyPriority = "priority" // the first key that can be reached
	StrategyWeighted = "weighted" // all that can be reached, each with its share
)

// Keys are the keys of a listener with several, and how one is chosen.
type Keys struct {
	Strategy string
	Names    []string       // with StrategyPriority, the most wanted first
	Weights  map[string]int // with StrategyWeighted
}

// ParseKeys reads KEY, or KEY=WEIGHT of weighted ones, which may also be KEY for a weight of 1. Without a strategy a weight makes
// them weighted.
func ParseKeys(strategy string, words []string) (Keys, error) {
	var f faults
	if strategy == "" {
		strategy = StrategyPriority
		for _, w := range words {
			if _, _, ok := cutWeight(w); ok {
				strategy = StrategyWeighted
			}
		}
	}
	f.oneOf("strategy", strategy, StrategyPriority, StrategyWeighted)
	k := Keys{Strategy: strategy}
	if len(words) == 0 || len(words) > validate.MaxKeys {
		f.add("there are %d keys, want 1 to %d", len(words), validate.MaxKeys)
	}
	seen := map[string]bool{}
	for _, w := range words {
		key, weight := w, 1
		if strategy == StrategyWeighted {
			if cut, n, ok := cutWeight(w); ok {
				key, weight = cut, n
			}
			f.is("weight of key "+key, validate.Weight(weight))
		}
		f.is("key", validate.RoutingKey(key))
		if seen[key] {
			f.add("key %s is given twice", key)
		}
		seen[key] = true
		k.Names = append(k.Names, key)
		if strategy == StrategyWeighted {
			if k.Weights == nil {
				k.Weights = map[string]int{}
			}
			k.Weights[key] = weight
		}
	}
	return k, f.err
}

func cutWeight(w string) (key string, weight int, ok bool) {
	i := strings.LastIndexByte(w, '=')
	if i < 0 {
		return w, 0, false
	}
	n, err := strconv.Atoi(w[i+1:])
	return w[:i], n, err == nil || errors.Is(err, strconv.ErrRange) // one too large for this machine is a number too: n is the largest
}

func (k Keys) strategy() v2alpha1.Strategy {
	if k.Strategy == StrategyWeighted {
		return v2alpha1.Strategy{Weighted: &v2alpha1.WeightedStrategy{RoutingKeys: k.Weights}}
	}
	return v2alpha1.Strategy{Priority: &v2alpha1.PriorityStrategy{RoutingKeys: k.Names}}
}

// CreateMultiKeyListener makes a place where clients of this site reach one of several services.
type CreateMultiKeyListener struct {
	Name              string
	Port              int // 1 to 65535
	Host              string
	Keys              Keys   // as ParseKeys gives them
	Credential        string // name of the secret for TLS with clients; empty: no TLS
	RequireClientCert bool   // only with Credential
	Observer          string // the application protocol to watch for; empty: auto
	Namespace         string // put into the resource; may be empty
	Wait              Wait
}

// Check finds everything wrong with the fields.
func (c CreateMultiKeyListener) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	f.is("port", validate.Port(c.Port))
	f.is("host", validate.Host(c.Host))
	if c.Credential != "" {
		f.is("tls-credentials", validate.Name(c.Credential))
	} else if c.RequireClientCert {
		f.add("require-client-cert is given, but tls-credentials is not")
	}
	checkObserver(&f, c.Observer)
	c.Wait.check(&f)
	return f.err
}

// Object is the listener as a resource.
func (c CreateMultiKeyListener) Object() *v2alpha1.MultiKeyListener {
	l := &v2alpha1.MultiKeyListener{ObjectMeta: metav1.ObjectMeta{Name: c.Name, Namespace: c.Namespace}}
	v2alpha1.SetTypeMeta(l)
	l.Spec = v2alpha1.MultiKeyListenerSpec{Host: c.Host, Port: c.Port, Strategy: c.Keys.strategy(), TLSCredentials: c.Credential,
		RequireClientCert: c.RequireClientCert, Observer: c.Observer}
	return l
}

// Run makes the listener and waits for it to take effect. It is safe to run again.
func (c CreateMultiKeyListener) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	return listen(ctx, p, c.Object(), v2alpha1.KindListener, c.Credential, c.Wait, say)
}

// UpdateMultiKeyListener changes what is given of a listener with several keys, and nothing else.
type UpdateMultiKeyListener struct {
	Name              string
	Port              *int // 1 to 65535
	Host              *string
	Keys              *Keys   // all of them; the strategy cannot change
	Credential        *string // empty: no TLS any more
	RequireClientCert *bool
	Observer          *string
	Wait              Wait
}

// Check finds everything wrong with the fields.
func (c UpdateMultiKeyListener) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	checkService(&f, c.Port, nil, c.Credential, nil)
	if c.Host != nil {
		f.is("host", validate.Host(*c.Host))
	}
	checkObserver(&f, orZero(c.Observer))
	if c == (UpdateMultiKeyListener{Name: c.Name, Wait: c.Wait}) {
		f.add("nothing to change is given")
	}
	c.Wait.check(&f)
	return f.err
}

// Run changes the listener and waits for it to take effect.
func (c UpdateMultiKeyListener) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	return listenAnew(ctx, p, v2alpha1.KindMultiKeyListener, c.Name, c.change, c.Credential, c.Port != nil || c.Host != nil, c.Wait, say)
}

func (c UpdateMultiKeyListener) change(l *v2alpha1.MultiKeyListener) error {
	set(&l.Spec.Port, c.Port)
	set(&l.Spec.Host, c.Host)
	set(&l.Spec.TLSCredentials, c.Credential)
	set(&l.Spec.RequireClientCert, c.RequireClientCert)
	set(&l.Spec.Observer, c.Observer)
	if c.Keys == nil {
		return nil
	}
	now := c.Keys.strategy()
	if (now.Priority == nil) != (l.Spec.Strategy.Priority == nil) {
		return fault.New(fault.Usage, fmt.Sprintf("multikeylistener %s: strategy is immutable, so it cannot become %s", l.Name, c.Keys.Strategy),
			"delete it and create it anew")
	}
	l.Spec.Strategy = now
	return nil
}

// onlyKind refuses a name that a listener of the other kind has: verbs on listeners go by the name alone.
func onlyKind(ctx context.Context, p Ports, other, name string) error {
	switch _, err := p.Store.Get(ctx, other, name); {
	case err == nil:
		return fault.New(fault.Conflict, fmt.Sprintf("there is a %s %q already", strings.ToLower(other), name), "choose another name, or `listener delete "+name+"`")
	case fault.Is(err, fault.Missing), fault.Is(err, fault.Usage): // an older cluster does not know every kind
		return nil
	default:
		return fmt.Errorf("look for a %s %s: %w", strings.ToLower(other), name, err)
	}
}

// ListenerKind is the kind of the listener of that name: KindMultiKeyListener if there is one and no plain one.
func ListenerKind(ctx context.Context, p Ports, name string) (string, error) {
	_, err := p.Store.Get(ctx, v2alpha1.KindListener, name)
	if !fault.Is(err, fault.Missing) {
		return v2alpha1.KindListener, err
	}
	if _, otherErr := p.Store.Get(ctx, v2alpha1.KindMultiKeyListener, name); otherErr == nil {
		return v2alpha1.KindMultiKeyListener, nil
	}
	return v2alpha1.KindListener, absent(v2alpha1.KindListener, name, p.Store, "get", err)
}
