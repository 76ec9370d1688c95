package op

import (
	"context"
	"fmt"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// acceptsLinks refuses a site that others cannot link to, now or soon. What counts is where it can be reached, whether its link
// access or a RouterAccess of the user's makes it so.
func acceptsLinks(ctx context.Context, p Ports, s *v2alpha1.Site) error {
	if s.Spec.Edge {
		return fault.New(fault.Failed, "site "+s.Name+" is an edge site, which accepts no links", "have the other site issue the token, and redeem it here")
	}
	if s.AcceptsLinks() {
		return nil
	}
	all, err := endpointsOf(ctx, p, s)
	if err != nil || len(all) > 0 || len(accesses(ctx, p)) > 0 {
		return err
	}
	return fault.New(fault.Failed, "site "+s.Name+" accepts no links", "`site update "+s.Name+" --enable-link-access`")
}

// endpointsOf are where others can link to a site now.
func endpointsOf(ctx context.Context, p Ports, s *v2alpha1.Site) ([]v2alpha1.Endpoint, error) {
	if p.Links == nil {
		return s.Status.Endpoints, nil
	}
	all, err := p.Links.Endpoints(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for the addresses of site %s: %w", s.Name, err)
	}
	return all, nil
}

// accesses are the RouterAccesses there are; none if the user may not see them.
func accesses(ctx context.Context, p Ports) []*v2alpha1.RouterAccess {
	all, err := list[*v2alpha1.RouterAccess](ctx, p.Store, v2alpha1.KindRouterAccess, "")
	if err != nil {
		return nil
	}
	return all
}

// awaitEndpoints waits until others can link to a site that accepts links, and gives where. left is how much of the timeout there
// is still: what is handed out before nobody could use, and its time would run.
func awaitEndpoints(ctx context.Context, p Ports, s *v2alpha1.Site, timeout time.Duration, say Progress) (all []v2alpha1.Endpoint, left time.Duration, err error) {
	if all, err = endpointsOf(ctx, p, s); err != nil || len(all) > 0 {
		return all, timeout, err
	}
	started := time.Now()
	open := goal{what: "site " + s.Name, state: "reachable by other sites", timeout: timeout, hint: "`site status " + s.Name + "`", again: settle, deeper: newDeeper(p)}
	err = await(ctx, p.Store, open, say, func(ctx context.Context) (bool, string, error) {
		sites, err := list[*v2alpha1.Site](ctx, p.Store, v2alpha1.KindSite, s.Name)
		if err != nil {
			return false, "", err
		}
		if all, err = endpointsOf(ctx, p, sites[0]); err != nil || len(all) > 0 {
			return err == nil, "", err
		}
		if _, final, message := judge(sites[0], v2alpha1.ConditionReady, false); final {
			return false, "", fault.New(fault.Failed, "site "+s.Name+" cannot be reached by other sites: "+message, "`site status "+s.Name+"`")
		}
		why := noAddress(ctx, p, sites[0])
		return false, "it has no address for links yet: " + open.deeper.reason(ctx, sites[0], why), nil
	})
	return all, max(timeout-time.Since(started), minTimeout), err
}

// noAddress says why a site has no address for links yet.
func noAddress(ctx context.Context, p Ports, s *v2alpha1.Site) string {
	message := orElse(s.Status.Message, "Not "+v2alpha1.ConditionConfigured)
	if message == v2alpha1.MessageOK { // all is well but for the access that is not the site's own
		message = "it has no router access"
		for _, ra := range accesses(ctx, p) {
			message = fmt.Sprintf("routeraccess %s: %s", ra.Name, orElse(ra.Status.Message, "Not "+v2alpha1.ConditionConfigured))
		}
	}
	return message
}
