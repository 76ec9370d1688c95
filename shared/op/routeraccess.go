package op

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// CreateRouterAccess makes a way for other sites to link to this one, besides or instead of the one that link access makes.
type CreateRouterAccess struct {
	Name       string
	Access     RouterAccessFields
	Settings   []Setting
	Namespace  string // put into the resource; may be empty
	Wait       Wait
	AccessType string // empty: the default way

	AccessTypes []string // what AccessType may be; none: there is but one way
}

// RouterAccessFields are what create and update have in common.
type RouterAccessFields struct {
	Roles      []v2alpha1.RouterAccessRole
	Credential string // name of the secret with the server certificate; empty: the name of the resource
	Generate   bool   // make that secret
	Issuer     string // the certificate authority that signs it; empty: that of the site
	BindHost   string // empty: all addresses
	Hosts      []string
}

// ParseRoles reads ROLE or ROLE:PORT; without any they are both roles.
func ParseRoles(words []string) ([]v2alpha1.RouterAccessRole, error) {
	if len(words) == 0 {
		words = []string{v2alpha1.RoleInterRouter, v2alpha1.RoleEdge}
	}
	var f faults
	var all []v2alpha1.RouterAccessRole
	roles, ports := map[string]bool{}, map[int]string{}
	for _, w := range words {
		name, text, given := strings.Cut(w, ":")
		r := v2alpha1.RouterAccessRole{Name: name}
		f.oneOf("role", name, v2alpha1.RoleInterRouter, v2alpha1.RoleEdge)
		if r.Port = r.EffectivePort(); given { // written out: not everybody knows the default
			n, err := strconv.Atoi(text)
			if err != nil {
				f.add("the port of role %s is %q, want 1 to 65535", name, text)
			} else {
				f.is("the port of role "+name, validate.Port(n))
			}
			r.Port = n
		}
		if roles[name] {
			f.add("role %s is given twice", name)
		}
		if other := ports[r.Port]; other != "" && other != name {
			f.add("roles %s and %s both have port %d", other, name, r.Port)
		}
		roles[name], ports[r.Port] = true, name
		all = append(all, r)
	}
	return all, f.err
}

func (a RouterAccessFields) check(f *faults) {
	if a.Credential != "" {
		f.is("tls-credentials", validate.Name(a.Credential))
	}
	if a.Issuer != "" {
		f.is("issuer", validate.Name(a.Issuer))
	}
	if a.BindHost != "" {
		f.is("bind-host", validate.Host(a.BindHost))
	}
	for _, h := range a.Hosts {
		f.is("subject-alternative-name", validate.Host(h))
	}
}

// Check finds everything wrong with the fields.
func (c CreateRouterAccess) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	c.Access.check(&f)
	checkAccessType(&f, c.AccessType, c.AccessTypes)
	checkSettings(&f, c.Settings, false, anySetting)
	c.Wait.check(&f)
	return f.err
}

// checkAccessType takes the ways there are. Which of them a controller has enabled it says itself.
func checkAccessType(f *faults, name string, all []string) {
	if name != "" {
		f.oneOf("access-type", name, all...)
	}
}

// Object is the router access as a resource.
func (c CreateRouterAccess) Object() *v2alpha1.RouterAccess {
	o := &v2alpha1.RouterAccess{ObjectMeta: metav1.ObjectMeta{Name: c.Name, Namespace: c.Namespace}}
	v2alpha1.SetTypeMeta(o)
	o.Spec = v2alpha1.RouterAccessSpec{AccessType: accessType(c.AccessType), Roles: c.Access.Roles, TLSCredentials: orElse(c.Access.Credential, c.Name),
		GenerateTLSCredentials: c.Access.Generate, Issuer: c.Access.Issuer, BindHost: c.Access.BindHost,
		SubjectAlternativeNames: c.Access.Hosts, Settings: applySettings(nil, c.Settings)}
	return o
}

// accessType writes the default way as a RouterAccess does: not at all.
func accessType(name string) string {
	if name == v2alpha1.LinkAccessDefault {
		return ""
	}
	return name
}

// Run makes the router access and waits for it to take effect. It is safe to run again.
func (c CreateRouterAccess) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	if !c.Access.Generate {
		if err := needSecret(ctx, p, orElse(c.Access.Credential, c.Name)); err != nil {
			return Changed{}, err
		}
	}
	did, err := create(ctx, p.Store, c.Object())
	if err != nil {
		return did, err
	}
	return did, takeEffect(ctx, p, &did, c.Wait, say)
}

// UpdateRouterAccess changes what is given of a router access, and nothing else.
type UpdateRouterAccess struct {
	Name       string
	AccessType *string
	Roles      []v2alpha1.RouterAccessRole // nil: as they are
	Credential *string
	Generate   *bool
	Issuer     *string
	BindHost   *string   // empty: all addresses
	Hosts      *[]string // a single empty one: none
	Settings   []Setting // others stay as they are
	Wait       Wait

	AccessTypes []string // what AccessType may be
}

// Check finds everything wrong with the fields.
func (c UpdateRouterAccess) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	RouterAccessFields{Credential: orZero(c.Credential), Issuer: orZero(c.Issuer), BindHost: orZero(c.BindHost), Hosts: noHosts(orZero(c.Hosts))}.check(&f)
	if c.Credential != nil && *c.Credential == "" {
		f.add("tls-credentials is empty, want the name of a secret")
	}
	checkAccessType(&f, orZero(c.AccessType), c.AccessTypes)
	checkSettings(&f, c.Settings, true, anySetting)
	if c.AccessType == nil && c.Roles == nil && c.Credential == nil && c.Generate == nil && c.Issuer == nil && c.BindHost == nil && c.Hosts == nil && c.Settings == nil {
		f.add("nothing to change is given")
	}
	c.Wait.check(&f)
	return f.err
}

// noHosts reads a single empty host as none.
func noHosts(hosts []string) []string {
	if len(hosts) == 1 && hosts[0] == "" {
		return nil
	}
	return hosts
}

// Run changes the router access and waits for it to take effect.
func (c UpdateRouterAccess) Run(ctx context.Context, p Ports, say Progress) (Changed, error) {
	did, err := patch(ctx, p.Store, v2alpha1.KindRouterAccess, c.Name, func(o *v2alpha1.RouterAccess) error {
		if c.AccessType != nil {
			o.Spec.AccessType = accessType(*c.AccessType)
		}
		if c.Roles != nil {
			o.Spec.Roles = c.Roles
		}
		set(&o.Spec.TLSCredentials, c.Credential)
		set(&o.Spec.GenerateTLSCredentials, c.Generate)
		set(&o.Spec.Issuer, c.Issuer)
		set(&o.Spec.BindHost, c.BindHost)
		if c.Hosts != nil {
			o.Spec.SubjectAlternativeNames = noHosts(*c.Hosts)
		}
		if c.Settings != nil {
			o.Spec.Settings = applySettings(o.Spec.Settings, c.Settings)
		}
		return nil
	})
	if err != nil {
		return did, err
	}
	return did, takeEffect(ctx, p, &did, c.Wait, say)
}

// RolesText is roles as people read and write them: "inter-router:55671,edge:45671".
func RolesText(roles []v2alpha1.RouterAccessRole) string {
	var all []string
	for _, r := range roles {
		all = append(all, fmt.Sprintf("%s:%d", r.Name, r.EffectivePort()))
	}
	return strings.Join(all, ",")
}
