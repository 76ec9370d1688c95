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
	Advertise  *[]string // replaces the hosts advertised so far; a single empty one removes them
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
	if c.LinkAccess == nil && c.AccessType == nil && c.HA == nil && c.Advertise == nil {
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
	if c.HA != nil {
		if *c.HA && s.Spec.Edge {
			return fault.New(fault.Usage, "site "+s.Name+" is an edge site, which cannot have two routers", "")
		}
		s.Spec.HA = *c.HA
	}
	if c.Advertise != nil {
		delete(s.Spec.Settings, SettingAdvertise)
		if hosts := c.hosts(); len(hosts) > 0 {
			if s.Spec.Settings == nil {
				s.Spec.Settings = map[string]string{}
			}
			s.Spec.Settings[SettingAdvertise] = strings.Join(hosts, ",")
		}
		if len(s.Spec.Settings) == 0 {
			s.Spec.Settings = nil
		}
	}
	return nil
}
