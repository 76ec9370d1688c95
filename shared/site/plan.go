package site

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Plan says what has to be done for the resources. It is pure: the same input gives the same output. The error is one
// of the program, such as a configuration that the router would refuse; what is wrong with resources is in their
// statuses. These, with the error as that of the site, are all that there is beside an error of the configuration: nothing of
// the site is to be changed.
func Plan(in Resources, obs Observed) (Desired, error) {
	if obs.Now.IsZero() {
		return Desired{}, errors.New("plan a site: the observation has no time")
	}
	p := newPlanner(in, obs)
	p.chooseSite()
	if p.site == nil {
		p.withoutSite()
		return p.finish()
	}
	if err := p.identify(); err != nil {
		return Desired{}, err
	}
	if p.obs.Blind != "" && p.obs.Network == nil {
		p.obs.Network = p.site.Status.Network
	}
	p.reserveNames()
	p.reservePeer()
	p.reservePorts()
	p.base()
	p.access()
	p.secure()
	p.links()
	p.listeners()
	p.multiKeyListeners()
	p.connectors()
	p.attached()
	if err := p.podsByName(); err != nil {
		return Desired{}, err
	}
	p.certificates()
	p.fault = p.complete()
	p.siteStatus()
	return p.finish()
}

// planner is a plan in the making.
type planner struct {
	in    Resources // own copies of all resources that have a status
	obs   Observed
	now   time.Time
	local bool
	site  *v2alpha1.Site // the active one
	cfg   *config.Config
	out   Desired

	secrets    map[string]*v2alpha1.Secret
	wants      map[string]*CertificateWant
	profiles   map[string]*Profile
	ports      portTable
	claims     []claim                // hosts and ports of listeners
	exposed    map[string]int         // index in out.Exposures, by host
	names      map[string]string      // who has a name among the router's entities
	unnamed    map[string]error       // why listeners of router accesses cannot have theirs
	bridges    map[string]string      // which resource has a connector of that name
	fault      error                  // why the router would not take its configuration
	siteEntity string                 // name of the site entity
	mesh       *v2alpha1.RouterAccess // lets the second router in where no other access does; nil if none is needed
	autoName   string                 // of the RouterAccess made for the site's link access; empty if there is none
}

func newPlanner(in Resources, obs Observed) *planner {
	p := &planner{in: in, obs: obs, now: obs.Now, local: in.Platform != PlatformKubernetes, cfg: new(config.Config),
		secrets: map[string]*v2alpha1.Secret{}, wants: map[string]*CertificateWant{}, profiles: map[string]*Profile{},
		exposed: map[string]int{}, bridges: map[string]string{}}
	p.in.Sites = copies(in.Sites)
	p.in.Listeners = copies(in.Listeners)
	p.in.MultiKeyListeners = copies(in.MultiKeyListeners)
	p.in.Connectors = copies(in.Connectors)
	p.in.Links = copies(in.Links)
	p.in.RouterAccesses = copies(in.RouterAccesses)
	p.in.Certificates = copies(in.Certificates)
	p.in.AttachedConnectors = copies(in.AttachedConnectors)
	p.in.Bindings = copies(in.Bindings)
	for _, s := range in.Secrets {
		p.secrets[s.Name] = s
	}
	return p
}

// copies are deep copies in the order of age, then name: who was first wins wherever two want the same.
func copies[T v2alpha1.Object](in []T) []T {
	out := make([]T, 0, len(in))
	for _, o := range in {
		c, _ := v2alpha1.DeepCopy(o).(T) // a copy has the type of its original
		v2alpha1.SetTypeMeta(c)
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b T) int { return older(a, b) })
	return out
}

// older orders by creation time, then name, then namespace. What has no creation time yet is the youngest.
func older(a, b v2alpha1.Object) int {
	ta, tb := a.GetCreationTimestamp(), b.GetCreationTimestamp()
	switch {
	case ta.IsZero() && !tb.IsZero():
		return 1
	case tb.IsZero() && !ta.IsZero():
		return -1
	}
	return cmp.Or(ta.Compare(tb.Time), strings.Compare(a.GetName(), b.GetName()), strings.Compare(a.GetNamespace(), b.GetNamespace()))
}

func (p *planner) set(o v2alpha1.Object, condition string, err error) {
	v2alpha1.SetCondition(p.now, o, condition, err)
}

// wasSet reports whether a condition has been judged before.
func wasSet(o v2alpha1.Object, condition string) bool {
	return v2alpha1.StatusOf(o).Condition(condition) != nil
}

// finish puts everything in order.
func (p *planner) finish() (Desired, error) {
	var all []v2alpha1.Object
	all = appendAll(all, p.in.Sites)
	all = appendAll(all, p.in.Listeners)
	all = appendAll(all, p.in.MultiKeyListeners)
	all = appendAll(all, p.in.Connectors)
	all = appendAll(all, p.in.Links)
	all = appendAll(all, p.in.RouterAccesses)
	all = appendAll(all, p.in.Certificates)
	all = appendAll(all, p.in.AttachedConnectors)
	all = appendAll(all, p.in.Bindings)
	slices.SortFunc(all, func(a, b v2alpha1.Object) int {
		return cmp.Or(strings.Compare(v2alpha1.KindOf(a), v2alpha1.KindOf(b)), strings.Compare(a.GetName(), b.GetName()),
			strings.Compare(a.GetNamespace(), b.GetNamespace()))
	})
	p.out.Statuses = all
	p.out.Site = p.site
	p.waitingFor()
	if p.site == nil {
		return p.out, nil
	}
	if p.fault != nil {
		return Desired{Site: p.site, SiteID: p.out.SiteID, Statuses: all}, p.fault
	}
	return p.out, nil
}

// complete finishes the configuration of the routers, and says why they would not take it.
func (p *planner) complete() error {
	p.out.Certificates = p.orderedWants()
	for _, name := range slices.Sorted(maps.Keys(p.profiles)) {
		p.out.Profiles = append(p.out.Profiles, *p.profiles[name])
		p.cfg.SSLProfiles = append(p.cfg.SSLProfiles, p.sslProfile(*p.profiles[name]))
	}
	p.out.Ports = p.ports.given
	p.out.Config = p.cfg
	if err := p.cfg.Check(); err != nil {
		return fmt.Errorf("plan site %s: %w", p.site.Name, err)
	}
	return p.routers()
}

func appendAll[T v2alpha1.Object](all []v2alpha1.Object, more []T) []v2alpha1.Object {
	for _, o := range more {
		all = append(all, o)
	}
	return all
}
