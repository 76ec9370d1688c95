package site

import (
	"fmt"
	"strings"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// waitingFor puts into words what keeps each resource from being ready.
func (p *planner) waitingFor() {
	if p.site == nil {
		p.out.WaitingFor = append(p.out.WaitingFor, fmt.Sprintf("a site: namespace %s has none", p.in.Namespace))
		return
	}
	for _, o := range p.out.Statuses {
		s := v2alpha1.StatusOf(o)
		_, isSite := o.(*v2alpha1.Site)
		switch {
		case s.StatusType == v2alpha1.StatusReady:
			continue
		case s.StatusType == v2alpha1.StatusPending && !isSite && !p.obs.Running: // the router is what they wait for
			continue
		}
		p.out.WaitingFor = append(p.out.WaitingFor, fmt.Sprintf("%s %s: %s", strings.ToLower(v2alpha1.KindOf(o)), o.GetName(), p.plain(o, s)))
	}
}

// plain is a status message with what it leaves out.
func (p *planner) plain(o v2alpha1.Object, s *v2alpha1.Status) string {
	if s.StatusType == v2alpha1.StatusError || !s.IsTrue(v2alpha1.ConditionConfigured) {
		return s.Message
	}
	switch o := o.(type) {
	case *v2alpha1.Link:
		e, _ := o.EndpointFor(p.role())
		why := ""
		if last := p.obs.Links[o.Name].LastError; last != "" {
			why = " (" + last + ")"
		}
		return fmt.Sprintf("not connected to %s port %s%s", e.Host, e.Port, why)
	case *v2alpha1.Listener:
		if !wasSet(o, v2alpha1.ConditionMatched) {
			return s.Message
		}
		return fmt.Sprintf("no connector has routing key %q", o.Spec.RoutingKey)
	case *v2alpha1.Connector:
		return fmt.Sprintf("no listener with routing key %q is known", o.Spec.RoutingKey)
	case *v2alpha1.MultiKeyListener:
		return "no connector has one of its routing keys"
	}
	return s.Message
}
