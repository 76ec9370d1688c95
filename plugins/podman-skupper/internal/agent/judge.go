package agent

import (
	"errors"
	"fmt"

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
	for _, o := range d.Statuses {
		if f, kept := in.Kept(v2alpha1.KindOf(o), o.GetName()); kept {
			set(o, f)
		}
		if l, ok := o.(*v2alpha1.Listener); ok && obs.Running && l.Status.IsTrue(v2alpha1.ConditionConfigured) {
			if ports == nil {
				ports = supervise.LookAtPorts(router) // once: with many connections it takes long
			}
			if err := n.usable(ports, l.Spec.Host, l.Spec.Port); err != nil {
				set(l, err)
				again = true
			}
		}
	}
	return again
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
		return supervise.Allowed(host, port)
	case n.agent.grants.has(port):
		return fmt.Errorf("port %d is in use by the grant server, until the tokens issued are redeemed or expire", port)
	case who.PID == 0:
		return fmt.Errorf("port %d on this machine is in use by a process of another user", port)
	}
	return errors.New("port " + fmt.Sprint(port) + " on this machine is in use by " + who.String())
}
