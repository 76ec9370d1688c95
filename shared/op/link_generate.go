package op

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/validate"
)

// GenerateLink makes the resources with which another site links to this one without a token: one Link for each router of
// this site and, unless the other site has it already, the Secret with the client certificate.
type GenerateLink struct {
	Name       string        // of the link; empty: link-SITE
	Host       string        // the one host to link to; empty: all that others can reach
	Cost       int           // 0 or more; 0 is 1
	Credential string        // name of the secret; empty: that of the link
	Generate   bool          // make the secret too
	Timeout    time.Duration // give up waiting for an address, and for the secret, after this
}

// Generated is what GenerateLink made, ready to be applied elsewhere.
type Generated struct {
	Links  []*v2alpha1.Link
	Secret *v2alpha1.Secret // nil if none was asked for
}

// Check finds everything wrong with the fields.
func (c GenerateLink) Check() error {
	var f faults
	if c.Name != "" {
		f.is("name", validate.Name(c.Name))
	}
	if c.Host != "" {
		f.is("host", reachable(c.Host))
	}
	if c.Credential != "" {
		f.is("tls-credentials", validate.Name(c.Credential))
	} else if !c.Generate {
		f.add("generate-credential is false, but tls-credentials does not say which secret to use instead")
	}
	f.cost(c.Cost)
	f.lasts("timeout", c.Timeout, minTimeout)
	return f.err
}

// Run makes the resources. The credential stays in the site, so that running it again gives the same one.
func (c GenerateLink) Run(ctx context.Context, p Ports, say Progress) (Generated, error) {
	var did Generated
	s, err := activeSite(ctx, p.Store)
	if err != nil {
		return did, err
	}
	if err := acceptsLinks(ctx, p, s); err != nil {
		return did, err
	}
	endpoints, left, err := awaitEndpoints(ctx, p, s, c.Timeout, say)
	if err != nil {
		return did, err
	}
	c.Timeout = left
	if endpoints, err = c.choose(s, endpoints); err != nil {
		return did, err
	}
	name := c.Name
	if name == "" {
		name = "link-" + s.Name
	}
	credential := c.Credential
	if credential == "" {
		credential = name
	}
	did.Links = c.links(name, credential, endpoints)
	if c.Generate {
		did.Secret, err = c.secret(ctx, p, s, credential, endpoints, say)
	}
	return did, err
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// choose leaves the endpoints that the other site can use: those of the host asked for, or all that are not bound to this
// machine.
func (c GenerateLink) choose(s *v2alpha1.Site, all []v2alpha1.Endpoint) ([]v2alpha1.Endpoint, error) {
	var chosen []v2alpha1.Endpoint
	var hosts []string
	for _, e := range all {
		if reachable(e.Host) != nil {
			continue
		}
		if !slices.Contains(hosts, e.Host) {
			hosts = append(hosts, e.Host)
		}
		if c.Host != "" && sameHost(e.Host, c.Host) || c.Host == "" && !onlyHere(e.Host) {
			chosen = append(chosen, e)
		}
	}
	switch {
	case len(chosen) > 0:
		return chosen, nil
	case c.Host != "":
		return nil, fault.New(fault.Missing, fmt.Sprintf("site %s is not known as %q, so its certificate would not fit: it is known as %s", s.Name, c.Host, orElse(strings.Join(hosts, ", "), "nothing")),
			"`site update "+s.Name+" --advertise "+c.advertise(s)+"`")
	case len(hosts) > 0:
		return nil, fault.New(fault.Failed, fmt.Sprintf("other machines cannot reach site %s at any of its addresses (%s)", s.Name, strings.Join(hosts, ", ")),
			"`site update "+s.Name+" --advertise HOST`, or name one with --host")
	}
	return nil, fault.New(fault.Failed, "site "+s.Name+" has no address that other machines can reach", "`site update "+s.Name+" --advertise HOST`")
}

// advertise is what a site has to advertise to be known by the host asked for too.
func (c GenerateLink) advertise(s *v2alpha1.Site) string {
	if now := s.Spec.Settings[SettingAdvertise]; now != "" {
		return now + "," + c.Host
	}
	return c.Host
}

func sameHost(a, b string) bool {
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	if errX == nil && errY == nil {
		return x.Unmap() == y.Unmap()
	}
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

// onlyHere tells whether a host leads back to whoever uses it, or means nothing without naming an interface.
func onlyHere(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && (a.Unmap().IsLoopback() || a.Unmap().IsLinkLocalUnicast() || a.IsUnspecified())
}

// links is one link for each group of endpoints, that is for each router.
func (c GenerateLink) links(name, credential string, endpoints []v2alpha1.Endpoint) []*v2alpha1.Link {
	var groups []string
	of := map[string][]v2alpha1.Endpoint{}
	for _, e := range endpoints {
		if of[e.Group] == nil {
			groups = append(groups, e.Group)
		}
		of[e.Group] = append(of[e.Group], e)
	}
	slices.Sort(groups)
	var links []*v2alpha1.Link
	for i, g := range groups {
		l := &v2alpha1.Link{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if len(groups) > 1 {
			l.Name += "-" + strconv.Itoa(i+1)
		}
		v2alpha1.SetTypeMeta(l)
		l.Spec = v2alpha1.LinkSpec{Endpoints: of[g], TLSCredentials: credential, Cost: costOf(c.Cost)}
		links = append(links, l)
	}
	return links
}
