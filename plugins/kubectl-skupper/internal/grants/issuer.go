package grants

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/activesite"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/grant"
	"github.com/skupper-plugins/suite/shared/grant/grantserver"
	"github.com/skupper-plugins/suite/shared/pki"
)

func errEdge() error {
	return errors.New("Edge sites cannot accept incoming links from remote sites") //nolint:staticcheck // matched on by others
}

// issuer signs with the authority of the grant's site, which is what the site's routers trust.
type issuer struct {
	client.Reader
	live client.Reader // not the cache, which need not have the contents of Secrets of all types
	now  func() time.Time

	signer *grantserver.Signer
}

var _ grantserver.Issuer = issuer{}

// authority reads the key pair of an authority. It need not be right.
func authority(ctx context.Context, cached, live client.Reader, key client.ObjectKey) (pki.Pair, error) {
	var s corev1.Secret
	err := cached.Get(ctx, key, &s)
	if err == nil && len(s.Data) == 0 {
		err = live.Get(ctx, key, &s)
	}
	return pki.Pair{CA: s.Data[v2alpha1.SecretKeyCA], Cert: s.Data[v2alpha1.SecretKeyCert], Key: s.Data[v2alpha1.SecretKeyKey]}, err
}

// accepted are the authorities that may sign for a site, its own first: those that its routers trust. Any other Secret with a key
// pair is of somebody who did not have links in mind.
func accepted(ctx context.Context, reader client.Reader, site *v2alpha1.Site) ([]string, error) {
	all := []string{site.Issuer()}
	var accesses v2alpha1.RouterAccessList
	if err := reader.List(ctx, &accesses, client.InNamespace(site.Namespace)); err != nil {
		return nil, fmt.Errorf("list the router accesses of namespace %s: %w", site.Namespace, err)
	}
	for i := range accesses.Items {
		a := &accesses.Items[i]
		if name := a.Spec.Issuer; name != "" && a.Status.IsTrue(v2alpha1.ConditionConfigured) && a.DeletionTimestamp.IsZero() && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	slices.Sort(all[1:])
	return all, nil
}

// Issue implements grantserver.Issuer.
func (i issuer) Issue(ctx context.Context, g grant.Grant, _, subject string, csr []byte) (grantserver.Credentials, error) {
	site, err := activesite.In(ctx, i, g.Namespace)
	switch {
	case err != nil:
		return grantserver.Credentials{}, err
	case site == nil:
		return grantserver.Credentials{}, grant.NoSite
	case site.Spec.Edge:
		return grantserver.Credentials{}, grant.Edge
	}
	name := cmp.Or(g.Issuer, site.Issuer())
	may, err := accepted(ctx, i, site)
	if err != nil {
		return grantserver.Credentials{}, err
	}
	if !slices.Contains(may, name) {
		return grantserver.Credentials{}, grant.NoIssuer
	}
	ca, err := authority(ctx, i, i.live, client.ObjectKey{Namespace: g.Namespace, Name: name})
	if err != nil {
		if apierrors.IsNotFound(err) {
			err = grant.NoIssuer
		}
		return grantserver.Credentials{}, err
	}
	creds, err := i.signer.Sign(ca, subject, csr, site.Status.Endpoints, 0, i.now())
	if cause := grant.Cause(""); err != nil && !errors.As(err, &cause) {
		if m, bad := pki.Parse(ca); bad != nil || len(ca.Key) == 0 || !m.Chain[0].IsCA {
			err = grant.NoIssuer
		}
	}
	return creds, err
}
