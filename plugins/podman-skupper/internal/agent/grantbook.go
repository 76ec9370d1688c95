package agent

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/keys"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/grant/grantserver"
)

// book keeps the grants of all namespaces for the server.
type book struct{ *grants }

func (b book) find(uid string) (where, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w, ok := b.byUID[uid]
	if !ok {
		return w, fault.New(fault.Missing, "there is no such grant", "")
	}
	return w, nil
}

// Grant implements grantserver.Grants.
func (b book) Grant(ctx context.Context, uid string) (grant.Grant, error) {
	w, err := b.find(uid)
	if err != nil {
		return grant.Grant{}, err
	}
	obj, err := w.ns.store.Get(ctx, v2alpha1.KindAccessGrant, w.name)
	if err != nil {
		return grant.Grant{}, err
	}
	g, ok := obj.(*v2alpha1.AccessGrant)
	if !ok || string(g.UID) != uid {
		return grant.Grant{}, fault.New(fault.Missing, "there is no such grant", "")
	}
	return grant.Of(g)
}

// Confirm implements grantserver.Grants.
func (b book) Confirm(ctx context.Context, uid string, r grant.Redemption) error {
	w, err := b.find(uid)
	if err != nil {
		return err
	}
	_, err = w.ns.store.Update(ctx, v2alpha1.KindAccessGrant, w.name, func(o v2alpha1.Object) error {
		g, ok := o.(*v2alpha1.AccessGrant)
		if !ok || string(g.UID) != uid {
			return fault.New(fault.Missing, "there is no such grant", "")
		}
		return r.Record(g)
	})
	if err == nil {
		w.ns.poke()
	}
	return err
}

// issuer signs for the sites of all namespaces.
type issuer struct {
	*Agent
	signer *grantserver.Signer
}

// Issue implements grantserver.Issuer.
func (i issuer) Issue(ctx context.Context, g grant.Grant, _, subject string, csr []byte) (grantserver.Credentials, error) {
	none := grantserver.Credentials{}
	i.mu.Lock()
	n := i.namespaces[g.Namespace]
	i.mu.Unlock()
	if n == nil {
		return none, grant.NoSite
	}
	s, err := n.site(ctx)
	if err != nil {
		return none, err
	}
	if s.Spec.Edge {
		return none, grant.Edge
	}
	ca, err := keys.Read(filepath.Join(n.dir.RuntimeIssuers(), filepath.Base(s.Issuer())))
	if err != nil {
		return none, errors.Join(grant.NoIssuer, err)
	}
	return i.signer.Sign(ca, subject, csr, s.Status.Endpoints, 0, i.opts.Now().Add(-keys.ClockSlack))
}

// site is the active site.
func (n *namespace) site(ctx context.Context) (*v2alpha1.Site, error) {
	all, err := n.store.List(ctx, v2alpha1.KindSite)
	if err != nil {
		return nil, fmt.Errorf("look for the site of namespace %s: %w", n.name, err)
	}
	for _, o := range all {
		if s, ok := o.(*v2alpha1.Site); ok && (len(all) == 1 || s.Status.IsTrue(v2alpha1.ConditionConfigured)) {
			return s, nil
		}
	}
	return nil, grant.NoSite
}
