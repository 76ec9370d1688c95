package agent

import (
	"errors"
	"fmt"
	"slices"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// judge adds to the statuses of a plan what only this machine can tell: input files that are broken, and ports that
// others have. It tells whether that may change though nothing else does.
func (n *namespace) judge(d site.Desired, in *filestore.Input, obs site.Observed, router int) (again bool) {
	before := make(map[string]v2alpha1.Object, len(in.Objects))
	for _, o := range in.Objects {
		before[v2alpha1.KindOf(o)+"/"+o.GetName()] = o
	}
	set := func(o v2alpha1.Object, err error) {
		v2alpha1.SetCondition(obs.Now, o, v2alpha1.ConditionConfigured, err)
		keepTimes(o, before[v2alpha1.KindOf(o)+"/"+o.GetName()])
	}
	var ports *supervise.PortView
	var mine []claimed
	for _, o := range d.Statuses {
		if f, kept := in.Kept(v2alpha1.KindOf(o), o.GetName()); kept {
			set(o, f)
		}
		if !obs.Running || !v2alpha1.StatusOf(o).IsTrue(v2alpha1.ConditionConfigured) {
			continue
		}
		look := func(host string, port int) error {
			if ports == nil {
				ports = supervise.LookAtPorts(router) // once: with many connections it takes long
			}
			err := n.usable(ports, host, port)
			// Who has it only for the moment must not make it theirs: another site's router may, before that site is told that it may not.
			if err == nil || n.agent.ports.holds(n.name, host, port) {
				mine = append(mine, claimed{host, port})
			}
			return err
		}
		var err error
		switch o := o.(type) {
		case *v2alpha1.Listener:
			err = look(o.Spec.Host, o.Spec.Port)
		case *v2alpha1.RouterAccess:
			err = reachable(o, look)
		}
		if err != nil {
			set(o, err)
			again = true
		}
	}
	if obs.Running || !n.wanted.Load() { // a router that is about to run, or to run again, has still the ports that it had
		n.agent.ports.keep(n.name, mine)
	}
	return again
}

// reachable says for which roles of an access the router cannot listen, and takes away their endpoints.
func reachable(ra *v2alpha1.RouterAccess, look func(host string, port int) error) (faults error) {
	for _, role := range ra.Spec.Roles {
		err := look(ra.Spec.BindHost, role.EffectivePort())
		if err == nil {
			continue
		}
		faults = multierr.Append(faults, err)
		ra.Status.Endpoints = slices.DeleteFunc(ra.Status.Endpoints, func(e v2alpha1.Endpoint) bool { return e.Name == role.Name })
	}
	return faults
}

// keepTimes keeps the times of conditions that are as they were: the plan, which knew less, had changed them in between.
func keepTimes(o, before v2alpha1.Object) {
	if before == nil {
		return
	}
	was, is := v2alpha1.StatusOf(before), v2alpha1.StatusOf(o)
	for i := range is.Conditions {
		c := &is.Conditions[i]
		if old := was.Condition(c.Type); old != nil && old.Status == c.Status {
			c.LastTransitionTime = old.LastTransitionTime
		}
	}
}

// usable says why the router cannot listen on a port: who else has it, or that nobody here may.
func (n *namespace) usable(ports *supervise.PortView, host string, port int) error {
	who := ports.Holder(host, port)
	switch {
	case who.None() || who.Connection():
		if other := n.agent.ports.claim(n.name, host, port); other != "" {
			return ofAnother(port, other)
		}
		return supervise.Allowed(host, port)
	case n.agent.grants.has(port):
		return fmt.Errorf("port %d is in use by the grant server, until the tokens issued are redeemed or expire", port)
	case who.PID == 0:
		return fmt.Errorf("port %d on this machine is in use by a process of another user", port)
	}
	if other := n.agent.routerOf(who.PID); other != "" {
		return ofAnother(port, other)
	}
	return errors.New("port " + fmt.Sprint(port) + " on this machine is in use by " + who.String())
}

func ofAnother(port int, namespace string) error {
	return fmt.Errorf("port %d on this machine is that of a listener of namespace %s: choose another port or host in one of the two", port, namespace)
}
