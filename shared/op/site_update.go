package op

import (
	"context"
	"strings"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/validate"
)

// UpdateSite changes what is given of a site, and nothing else.
type UpdateSite struct {
	Name       string // empty: the only site there is
	LinkAccess *bool
	AccessType *string // only where links are accepted
	HA         *bool
	Edge       *bool
	Issuer     *string
	Account    *string   // empty: one is made
	Advertise  *[]string // replaces the hosts advertised so far; a single empty one removes them
	Settings   []Setting // others stay as they are
	Wait       Wait

	AccessTypes []string // what AccessType may be
}

// Check finds everything wrong with the fields.
func (c UpdateSite) Check() error {
	var f faults
	if c.Name != "" {
		f.is("name", validate.Name(c.Name))
	}
	if c.AccessType != nil {
		f.oneOf("link-access-type", *c.AccessType, c.AccessTypes...)
		if c.LinkAccess != nil && !*c.LinkAccess {
			f.add("link-access-type is %q, but enable-link-access is false", *c.AccessType)
		}
	}
	if c.Advertise != nil {
		checkAdvertise(&f, c.hosts())
	}
	checkIssuer(&f, orZero(c.Issuer), orZero(c.Account))
	checkSettings(&f, c.Settings, true, checkSiteSetting)
	if c.LinkAccess == nil && c.AccessType == nil && c.HA == nil && c.Edge == nil && c.Issuer == nil && c.Account == nil && c.Advertise == nil && c.Settings == nil {
		f.add("nothing to change is given")
	}
	c.Wait.check(&f)
	return f.err
}

func (c UpdateSite) hosts() []string {
	if h := *c.Advertise; len(h) != 1 || h[0] != "" {
		return h
	}
	return nil
}

// Run changes the site and waits for it to take effect.
func (c UpdateSite) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	found, err := theSite(ctx, p.Store, c.Name)
	if err != nil {
		return Changed{}, err
	}
	did, err := patch(ctx, p.Store, v2alpha1.KindSite, found.Name, c.change)
	if err != nil {
		return did, err
	}
	return did, takeEffect(ctx, p, &did, c.Wait, say)
}

func (c UpdateSite) change(s *v2alpha1.Site) error {
	if c.LinkAccess != nil {
		switch {
		case !*c.LinkAccess:
			s.Spec.LinkAccess = v2alpha1.LinkAccessNone
		case !s.AcceptsLinks():
			s.Spec.LinkAccess = v2alpha1.LinkAccessDefault
		}
	}
	if c.AccessType != nil {
		if !s.AcceptsLinks() {
			return fault.New(fault.Usage, "site "+s.Name+" accepts no links, so there is no access type to change", "add --enable-link-access")
		}
		s.Spec.LinkAccess = *c.AccessType
	}
	set(&s.Spec.Edge, c.Edge)
	set(&s.Spec.HA, c.HA)
	if err := c.fits(s); err != nil {
		return err
	}
	set(&s.Spec.DefaultIssuer, c.Issuer)
	set(&s.Spec.ServiceAccount, c.Account)
	s.Spec.Settings = applySettings(s.Spec.Settings, c.Settings)
	if c.Advertise != nil {
		hosts := c.hosts()
		s.Spec.Settings = applySettings(s.Spec.Settings, []Setting{{SettingAdvertise, strings.Join(hosts, ","), len(hosts) == 0}})
	}
	return nil
}

// fits refuses what would make a site that works before into one that cannot, if it is this change that does so.
func (c UpdateSite) fits(s *v2alpha1.Site) error {
	if !s.Spec.Edge {
		return nil
	}
	if s.Spec.HA && (c.HA != nil || c.Edge != nil) {
		return fault.New(fault.Usage, "site "+s.Name+" is an edge site, which cannot have two routers", "add --enable-ha=false or --edge=false")
	}
	if s.AcceptsLinks() && (c.LinkAccess != nil || c.Edge != nil) {
		return fault.New(fault.Usage, "site "+s.Name+" is an edge site, which takes no links", "add --enable-link-access=false or --edge=false")
	}
	return nil
}
