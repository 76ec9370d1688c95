package op

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
	"github.com/skupper-plugins/suite/shared/validate"
)

// SettingAdvertise is the site setting with the hosts, separated by commas, by which other sites reach this one: they
// take the place of those it finds out itself in tokens and links, and come into the server certificate.
const SettingAdvertise = v2alpha1.SettingAdvertise

// CreateSite makes a site and starts what it needs. A site that is there already with the same settings is left as it is,
// but started.
type CreateSite struct {
	Name       string
	LinkAccess bool
	AccessType string   // how links are accepted; empty is the default way. Only with LinkAccess.
	HA         bool     // run two routers
	Edge       bool     // make links only, take none. Not with LinkAccess or HA.
	Issuer     string   // certificate authority that signs when none is named; empty: the site's own
	Account    string   // service account of the router; empty: one is made
	Advertise  []string // hosts by which others reach this site. Only with LinkAccess.
	Settings   []Setting
	Namespace  string // put into the resource; may be empty
	Wait       Wait

	AccessTypes []string // what AccessType may be
}

// Check finds everything wrong with the fields.
func (c CreateSite) Check() error {
	var f faults
	c.check(&f)
	c.Wait.check(&f)
	return f.err
}

func (c CreateSite) check(f *faults) {
	f.is("name", validate.Name(c.Name))
	if c.AccessType != "" {
		f.oneOf("link-access-type", c.AccessType, c.AccessTypes...)
		if !c.LinkAccess {
			f.add("link-access-type is %q, but enable-link-access is not given", c.AccessType)
		}
	}
	if c.Edge && c.LinkAccess {
		f.add("edge and enable-link-access are given, but an edge site takes no links")
	}
	if c.Edge && c.HA {
		f.add("edge and enable-ha are given, but an edge site has one router only")
	}
	checkIssuer(f, c.Issuer, c.Account)
	checkAdvertise(f, c.Advertise)
	if len(c.Advertise) > 0 && !c.LinkAccess {
		f.add("advertise is given, but enable-link-access is not")
	}
	checkSettings(f, c.Settings, false, checkSiteSetting)
}

func checkIssuer(f *faults, issuer, account string) {
	if issuer != "" {
		f.is("default-issuer", validate.Name(issuer))
	}
	if account != "" {
		f.is("service-account", validate.Name(account))
	}
}

// checkSiteSetting takes the site settings whose values routers and controllers understand; of others nothing is known.
func checkSiteSetting(key, value string) error {
	switch key {
	case v2alpha1.SettingRouterLogging:
		return validate.LogLevels(value)
	case v2alpha1.SettingDataConnectionCount:
		return validate.ConnectionCount(value)
	case SettingAdvertise:
		return errors.New("is what --advertise is for")
	}
	return nil
}

func checkAdvertise(f *faults, hosts []string) {
	for _, h := range hosts {
		f.is("advertise", reachable(h))
	}
}

// Object is the site as a resource.
func (c CreateSite) Object() *v2alpha1.Site {
	s := &v2alpha1.Site{ObjectMeta: metav1.ObjectMeta{Name: c.Name, Namespace: c.Namespace}}
	v2alpha1.SetTypeMeta(s)
	s.Spec.HA, s.Spec.Edge, s.Spec.DefaultIssuer, s.Spec.ServiceAccount = c.HA, c.Edge, c.Issuer, c.Account
	s.Spec.Settings = applySettings(nil, c.Settings)
	if c.LinkAccess {
		s.Spec.LinkAccess = v2alpha1.LinkAccessDefault
		if c.AccessType != "" {
			s.Spec.LinkAccess = c.AccessType
		}
	}
	if len(c.Advertise) > 0 {
		s.Spec.Settings = applySettings(s.Spec.Settings, []Setting{{SettingAdvertise, strings.Join(c.Advertise, ","), false}})
	}
	return s
}

// Run makes the site. It is safe to run again.
func (c CreateSite) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	did := Changed{Kind: v2alpha1.KindSite, Name: c.Name}
	if err := c.alone(ctx, p); err != nil {
		return did, err
	}
	store := p.Store
	if s, ok := store.(Soler); ok {
		store = sole{store, s}
	}
	did, err := create(ctx, store, c.Object())
	if err != nil {
		if taken := c.alone(ctx, p); taken != nil { // meanwhile
			err = taken
		}
		return did, err
	}
	if p.System != nil {
		if err := start(ctx, p, c.Name, c.Wait, say); err != nil {
			return did, fault.Wrap(fault.KindOf(err), "site "+c.Name+" is stored, but cannot be started", err, first(fault.Hint(err), "`system start`"))
		}
	}
	return did, takeEffect(ctx, p, &did, c.Wait, say)
}

// first puts what a hint says, if anything, before the command that is of use after that.
func first(hint, command string) string {
	if hint == "" || strings.Contains(hint, strings.Trim(command, "`")) {
		return orElse(hint, command)
	}
	return hint + "; then: " + command
}

// alone reports another site as what is in the way.
func (c CreateSite) alone(ctx context.Context, p Ports) error {
	sites, err := list[*v2alpha1.Site](ctx, p.Store, v2alpha1.KindSite, "")
	if err != nil {
		return err
	}
	i := slices.IndexFunc(sites, func(s *v2alpha1.Site) bool { return s.Name != c.Name })
	if i < 0 {
		return nil
	}
	other := sites[i].Name
	return fault.New(fault.Conflict, fmt.Sprintf("create site %s: namespace %s has a site already, %s", c.Name, p.Store.Namespace(), other),
		"`site status "+other+"` shows it; another site needs another namespace")
}

// sole is a store whose Create is CreateSole.
type sole struct {
	site.Store
	soler Soler
}

func (s sole) Create(ctx context.Context, obj v2alpha1.Object) error {
	return s.soler.CreateSole(ctx, obj)
}
