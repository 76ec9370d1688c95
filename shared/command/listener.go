package command

import (
	"context"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
)

func (t *tree) listenerFlags(update bool) []cli.Flag {
	key, hostUsage, where := "`KEY` of the service (default NAME)", "`HOST` that clients use", t.can.ListenerHost
	if where == "" {
		hostUsage += " (default NAME)"
	}
	kind := v2alpha1.TypeTCP
	if update {
		key, hostUsage, where, kind = "`KEY` of the service", "`HOST` that clients use", "", ""
	}
	flags := []cli.Flag{
		textFlag("routing-key", "", key),
		&cli.StringSliceFlag{Name: "key", Usage: "`KEY` of one of several services, the most wanted first, or KEY=WEIGHT; may be given again"},
		textFlag("strategy", "", "how one of several keys is chosen, `STRATEGY`: priority or weighted (default weighted if a weight is given)"),
		textFlag("host", where, hostUsage),
		textFlag("tls-credentials", "", "`NAME` of the secret for TLS with clients"),
		boolFlag("require-client-cert", "refuse clients without a certificate; only with --key"),
		textFlag("type", kind, "`TYPE` of the transport: tcp"),
		observerFlag("what to watch for in the traffic"),
	}
	if t.can.Pods {
		flags = append(flags, boolFlag("expose-pods-by-name", "offer each pod behind the service under its own name too"))
	}
	return flags
}

// multiKey tells that the flags are of a listener with several keys, and finds those that are not.
func (t *tree) multiKey(in *input) bool {
	if !in.c.IsSet("key") && !in.c.IsSet("strategy") {
		return false
	}
	if !in.c.IsSet("key") {
		in.fault("strategy is %q, but no key is given", in.text("strategy"))
	}
	for _, f := range []string{"routing-key", "type", "expose-pods-by-name"} {
		if in.c.IsSet(f) {
			in.fault("%s and key cannot be given both", f)
		}
	}
	return true
}

func (in *input) keys() op.Keys {
	if !in.c.IsSet("key") {
		return op.Keys{}
	}
	k, err := op.ParseKeys(in.text("strategy"), in.texts("key"))
	in.check(err)
	return k
}

func (t *tree) readListener(in *input) op.CreateListener {
	c := op.CreateListener{Name: in.operand("NAME"), Port: in.port(), RoutingKey: in.text("routing-key"), Host: in.text("host"),
		Credential: in.text("tls-credentials"), Type: in.text("type"), Observer: in.text("observer")}
	if t.can.Pods {
		c.ExposePods = in.isSet("expose-pods-by-name")
	}
	if c.Host == "" && !in.c.IsSet("host") {
		c.Host = c.Name
	}
	return c
}

// severalKeys is the same listener with several keys instead of one.
func (in *input) severalKeys(c op.CreateListener) op.CreateMultiKeyListener {
	return op.CreateMultiKeyListener{Name: c.Name, Port: c.Port, Host: c.Host, Keys: in.keys(), Credential: c.Credential,
		RequireClientCert: in.isSet("require-client-cert"), Observer: c.Observer, Namespace: c.Namespace, Wait: c.Wait}
}

func (in *input) onlyWithKeys() {
	if in.c.IsSet("require-client-cert") {
		in.fault("require-client-cert is only for listeners with --key")
	}
}

const severalKeys = "With --key it is a listener for several services (a MultiKeyListener): its clients get the first of them that can be reached or,\n" +
	"with --strategy weighted, each of them in the proportion of its weight."

func (t *tree) listenerCreate() verb {
	return verb{
		name: "create", operands: "NAME PORT", usage: "let clients of this site reach a service of the network",
		more:    "A listener that is there already with the same settings is left as it is, so this can be run again.\n" + severalKeys,
		example: "backend 9090",
		output:  true, manner: host.Change, flags: with(t.listenerFlags(false), waitFlags(t.settled(), "60s")),
		read: func(in *input) job {
			c := t.readListener(in)
			c.Wait = in.wait()
			if t.multiKey(in) {
				return in.settling(in.severalKeys(c), c.Wait)
			}
			in.onlyWithKeys()
			return in.settling(c, c.Wait)
		},
	}
}

// settling is change for what may not work at once.
func (in *input) settling(c changer, w op.Wait) job {
	in.check(c.Check())
	return func(ctx context.Context, s *session) (host.View, error) {
		site, err := s.open(ctx)
		if err != nil {
			return host.View{}, err
		}
		did, err := c.Run(ctx, site.Ports, s.say)
		return s.settling(did, w), err
	}
}

// settled is the state that listeners and connectors are waited for unless the user says otherwise.
func (t *tree) settled() string {
	if t.can.Settled != "" {
		return t.can.Settled
	}
	return op.WaitConfigured
}

func (t *tree) listenerGenerate() verb {
	return verb{
		name: "generate", operands: "NAME PORT", usage: "print the resource that listener create would make", here: true,
		example: "backend 9090",
		output:  true, manner: host.Documents, flags: t.listenerFlags(false),
		read: func(in *input) job {
			c := t.readListener(in)
			c.Namespace, c.Wait = t.host.Namespace(in.c), offline()
			if t.multiKey(in) {
				several := in.severalKeys(c)
				in.check(several.Check())
				return generated(func() v2alpha1.Object { return several.Object() })
			}
			in.onlyWithKeys()
			in.check(c.Check())
			return generated(func() v2alpha1.Object { return c.Object() })
		},
	}
}

func (t *tree) listenerUpdate() verb {
	return verb{
		name: "update", operands: "NAME", usage: "change the given settings of a listener, and nothing else",
		more:    "--tls-credentials '' ends TLS with clients. --key replaces all keys of a listener that has several; its strategy cannot change.",
		example: "backend --port 9091",
		output:  true, manner: host.Change,
		flags: with(one(textFlag("port", "", "`PORT` that clients use, 1 to 65535")), t.listenerFlags(true), waitFlags(t.settled(), "60s")),
		read: func(in *input) job {
			c := op.UpdateListener{Name: in.operand("NAME"), Port: in.givenNumber("port"), RoutingKey: in.givenText("routing-key"), Host: in.givenText("host"),
				Credential: in.givenText("tls-credentials"), Type: in.givenText("type"), Observer: in.givenText("observer"), Wait: in.wait()}
			if t.can.Pods {
				c.ExposePods = in.givenBool("expose-pods-by-name")
			}
			several := op.UpdateMultiKeyListener{Name: c.Name, Port: c.Port, Host: c.Host, Credential: c.Credential,
				RequireClientCert: in.givenBool("require-client-cert"), Observer: c.Observer, Wait: c.Wait}
			if t.multiKey(in) {
				k := in.keys()
				several.Keys = &k
			}
			if several.Keys != nil || several.RequireClientCert != nil {
				return in.change(several)
			}
			in.check(c.Check())
			return func(ctx context.Context, s *session) (host.View, error) { return updateListener(ctx, s, c, several) }
		},
	}
}

// updateListener changes the listener of that name, whichever kind it is.
func updateListener(ctx context.Context, s *session, c op.UpdateListener, several op.UpdateMultiKeyListener) (host.View, error) {
	site, err := s.open(ctx)
	if err != nil {
		return host.View{}, err
	}
	var run changer = c
	if c.RoutingKey == nil && c.Type == nil && c.ExposePods == nil { // which only the plain kind has
		kind, err := op.ListenerKind(ctx, site.Ports, c.Name)
		if err != nil {
			return host.View{}, err
		}
		if kind == v2alpha1.KindMultiKeyListener {
			run = several
		}
	}
	did, err := run.Run(ctx, site.Ports, s.say)
	return changed(did), err
}

func (t *tree) listenerStatus() verb {
	return verb{
		name: "status", operands: "[NAME]", usage: "show the listeners of this site",
		output: true, manner: host.Table,
		read: func(in *input) job {
			c := op.ListenerStatus{Name: in.optional()}
			return look(in, c, func(s *session, found op.Status[v2alpha1.Object], site *host.Site) host.View {
				type listener = v2alpha1.Object
				v := listing(found, c.Name != "", "listener", "there are no listeners in namespace "+site.Namespace, []column[listener]{
					nameColumn[listener](), statusColumn[listener](),
					{"ROUTING-KEY", "Routing key", "RoutingKey", routingKeys},
					{"HOST", "Host", "Host", func(o listener) string { where, _ := listensAt(o); return where }},
					{"PORT", "Port", "Port", func(o listener) string { _, port := listensAt(o); return strconv.Itoa(port) }},
					{"MATCHING-CONNECTOR", "Has Matching Connector", "MatchingConnector", func(o listener) string { return strconv.FormatBool(matched(o)) }},
					messageColumn[listener](),
				}, column[listener]{"", "Reachable keys", "ReachableKeys", reachableKeys})
				v.Next = s.instead(found.NoSite, len(found.Items), "listener", "create", "NAME", "PORT")
				return v
			})
		},
	}
}

// routingKeys is the key of a listener or, of one with several, all of them as --key takes them.
func routingKeys(o v2alpha1.Object) string {
	switch o := o.(type) {
	case *v2alpha1.Listener:
		return o.Spec.RoutingKey
	case *v2alpha1.MultiKeyListener:
		keys := op.KeysOf(o)
		if w := o.Spec.Strategy.Weighted; w != nil {
			for i, k := range keys {
				keys[i] = k + "=" + strconv.Itoa(w.RoutingKeys[k])
			}
		}
		return strings.Join(keys, ",")
	}
	return ""
}

func reachableKeys(o v2alpha1.Object) string {
	l, ok := o.(*v2alpha1.MultiKeyListener)
	if !ok || l.Status.Strategy == nil {
		return ""
	}
	s := l.Status.Strategy
	if s.Priority != nil {
		return strings.Join(s.Priority.RoutingKeysReachable, ",")
	}
	var keys []string
	for _, k := range op.KeysOf(l) {
		if s.Weighted != nil && s.Weighted.RoutingKeysReachable[k] > 0 {
			keys = append(keys, k)
		}
	}
	return strings.Join(keys, ",")
}

func listensAt(o v2alpha1.Object) (string, int) {
	switch o := o.(type) {
	case *v2alpha1.Listener:
		return o.Spec.Host, o.Spec.Port
	case *v2alpha1.MultiKeyListener:
		return o.Spec.Host, o.Spec.Port
	}
	return "", 0
}

func matched(o v2alpha1.Object) bool {
	switch o := o.(type) {
	case *v2alpha1.Listener:
		return o.Status.HasMatchingConnector
	case *v2alpha1.MultiKeyListener:
		return o.Status.HasDestination
	}
	return false
}

func (t *tree) listenerDelete() verb {
	return verb{
		name: "delete", operands: "NAME", usage: "remove a listener",
		example: "backend",
		output:  true, manner: host.Change, flags: goneFlags(),
		read: func(in *input) job {
			return in.change(op.DeleteListener{Name: in.operand("NAME"), Gone: in.gone()})
		},
	}
}
