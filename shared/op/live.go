package op

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
)

// StatusStopped is the state of a local site that was stopped on purpose. It is shown, never stored.
const StatusStopped v2alpha1.StatusType = "Stopped"

// live is what is known now of a site besides what its store says.
type live struct {
	known   bool // somebody could be asked
	stopped bool
	router  site.Observed
	notes   []string
}

// lookLive asks system and router, where that can be done. That they cannot be asked is worth a note, not a failure.
func lookLive(ctx context.Context, p Ports) live {
	l, why := live{router: site.Observed{Now: time.Now()}}, ""
	if p.System != nil {
		s, err := p.System.Status(ctx)
		if err != nil {
			l.notes = append(l.notes, "cannot tell what runs: "+err.Error())
		}
		if l.stopped = s.Stopped; !s.Router.Running {
			why = s.Router.Detail
		}
	}
	if p.Observer == nil {
		return l
	}
	o, err := p.Observer.Observe(ctx)
	if err != nil {
		l.notes = append(l.notes, "cannot ask the router, so the last known state is shown: "+err.Error())
		return l
	}
	if o.Now.IsZero() {
		o.Now = l.router.Now
	}
	if !o.Running && why != "" { // whoever runs routers knows more of one that does not than can be seen from here
		o.NotReady = why
	}
	l.known, l.router = true, o
	return l
}

// down is why nothing can work, nil if the router runs or nothing is known of it.
func (l live) down() error {
	switch {
	case l.stopped:
		return v2alpha1.Waiting("the site is stopped")
	case !l.known || l.router.Running:
		return nil
	case l.router.NotReady != "":
		return v2alpha1.Waiting("Not Running: " + l.router.NotReady)
	}
	return v2alpha1.Waiting("Not Running")
}

// site puts what is known into the status of a copy of s.
func (l live) site(s *v2alpha1.Site) *v2alpha1.Site {
	s = s.DeepCopy()
	if err := l.down(); err != nil {
		v2alpha1.SetCondition(l.router.Now, s, v2alpha1.ConditionRunning, err)
	} else if l.known {
		v2alpha1.SetCondition(l.router.Now, s, v2alpha1.ConditionRunning, nil)
	}
	if l.stopped {
		s.Status.StatusType = StatusStopped
	}
	fill(s)
	return s
}

func (l live) link(s *v2alpha1.Link) *v2alpha1.Link {
	s = s.DeepCopy()
	state, seen := l.router.Links[s.Name]
	switch err := l.down(); {
	case err != nil:
		v2alpha1.SetCondition(l.router.Now, s, v2alpha1.ConditionOperational, err)
	case !l.known || l.router.Links == nil:
	case !seen: // what the store remembers is of another time
		if s.Status.IsTrue(v2alpha1.ConditionOperational) {
			v2alpha1.SetCondition(l.router.Now, s, v2alpha1.ConditionOperational, v2alpha1.Waiting(v2alpha1.MessageNotOperational+": the router does not have this link yet"))
		}
	case state.Up:
		v2alpha1.SetCondition(l.router.Now, s, v2alpha1.ConditionOperational, nil)
		if state.RemoteSite != "" {
			s.Status.RemoteSiteID = state.RemoteSite
		}
		if state.RemoteName != "" {
			s.Status.RemoteSiteName = state.RemoteName
		}
	default:
		why := site.Why(state.LastError)
		if s.Status.Condition(v2alpha1.ConditionOperational) == nil {
			why = "Not " + v2alpha1.ConditionOperational + strings.TrimPrefix(why, v2alpha1.MessageNotOperational)
		}
		v2alpha1.SetCondition(l.router.Now, s, v2alpha1.ConditionOperational, v2alpha1.Waiting(why))
	}
	fill(s)
	return s
}

func (l live) listener(s *v2alpha1.Listener) *v2alpha1.Listener {
	s = s.DeepCopy()
	switch err := l.down(); {
	case err != nil:
		v2alpha1.SetCondition(l.router.Now, s, v2alpha1.ConditionMatched, err)
	case l.served(s.Spec.RoutingKey):
		v2alpha1.SetCondition(l.router.Now, s, v2alpha1.ConditionMatched, nil)
	case l.knowsAll():
		v2alpha1.SetCondition(l.router.Now, s, v2alpha1.ConditionMatched, v2alpha1.Waiting(v2alpha1.MessageNoMatchingConnectors))
	}
	fill(s)
	return s
}

// served tells whether the router knows a server for a routing key.
func (l live) served(key string) bool {
	a := l.router.Addresses[key]
	return l.known && a.LocalConsumers+a.RemoteConsumers > 0
}

// knowsAll tells whether there is no server that the router does not know. An edge router does not know those of others;
// the store has what observers of the network have found.
func (l live) knowsAll() bool { return l.known && l.router.Addresses != nil && !l.router.Edge }

// anyListener is listener, or the same for one with several keys.
func (l live) anyListener(o v2alpha1.Object) v2alpha1.Object {
	switch o := o.(type) {
	case *v2alpha1.Listener:
		return l.listener(o)
	case *v2alpha1.MultiKeyListener:
		return l.multiKeyListener(o)
	}
	return o
}

func (l live) multiKeyListener(s *v2alpha1.MultiKeyListener) *v2alpha1.MultiKeyListener {
	s = s.DeepCopy()
	switch err := l.down(); {
	case err != nil:
		v2alpha1.SetCondition(l.router.Now, s, v2alpha1.ConditionOperational, err)
	case slices.ContainsFunc(KeysOf(s), l.served):
		s.Status.HasDestination = true
		v2alpha1.SetCondition(l.router.Now, s, v2alpha1.ConditionOperational, nil)
	case l.knowsAll():
		s.Status.HasDestination = false
		v2alpha1.SetCondition(l.router.Now, s, v2alpha1.ConditionOperational, v2alpha1.Waiting(v2alpha1.MessageNoMatchingConnectors))
	}
	fill(s)
	return s
}

// KeysOf are the routing keys of a listener with several, the most wanted first.
func KeysOf(l *v2alpha1.MultiKeyListener) []string {
	switch s := l.Spec.Strategy; {
	case s.Priority != nil:
		return s.Priority.RoutingKeys
	case s.Weighted != nil:
		return slices.SortedFunc(maps.Keys(s.Weighted.RoutingKeys), func(a, b string) int {
			return cmp.Or(s.Weighted.RoutingKeys[b]-s.Weighted.RoutingKeys[a], strings.Compare(a, b))
		})
	}
	return nil
}

// connector is not told by the router who listens elsewhere: unless the site is down, the store knows best.
func (l live) connector(s *v2alpha1.Connector) *v2alpha1.Connector {
	s = s.DeepCopy()
	if err := l.down(); err != nil {
		v2alpha1.SetCondition(l.router.Now, s, v2alpha1.ConditionMatched, err)
	}
	fill(s)
	return s
}

// fill says something of a resource that nobody has looked at yet.
func fill(obj v2alpha1.Object) {
	s := v2alpha1.StatusOf(obj)
	if s.StatusType == "" && s.Message == "" {
		s.StatusType, s.Message = v2alpha1.StatusPending, "Not "+v2alpha1.ConditionConfigured
	}
}

// noSite is a note for a listing in a namespace without a site, where nothing can work.
func noSite(ctx context.Context, p Ports) ([]string, error) {
	_, err := activeSite(ctx, p.Store)
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.Missing {
		return []string{f.Msg}, nil
	}
	return nil, err
}
