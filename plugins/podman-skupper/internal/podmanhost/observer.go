package podmanhost

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/keys"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/site"
)

// observer is the op.Observer of a namespace: it asks the router itself, whoever runs it.
type observer struct {
	look *supervise.Local
	dir  filestore.Dir
}

// Observe implements op.Observer.
func (o observer) Observe(ctx context.Context) (site.Observed, error) {
	obs, err := o.look.Observe(ctx)
	if err == nil && !obs.Running {
		if _, stopped := os.Stat(o.dir.Stopped()); stopped == nil {
			obs.NotReady = "stopped by the user"
		}
	}
	return obs, err
}

// links is the op.LinkMaterial of a namespace.
type links struct {
	store *filestore.Store
	now   func() time.Time
}

// Endpoints implements op.LinkMaterial.
func (l links) Endpoints(ctx context.Context) ([]v2alpha1.Endpoint, error) {
	s, err := l.site(ctx)
	if err != nil {
		return nil, err
	}
	return s.Status.Endpoints, nil
}

func (l links) site(ctx context.Context) (*v2alpha1.Site, error) {
	all, err := l.store.List(ctx, v2alpha1.KindSite)
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if s, ok := o.(*v2alpha1.Site); ok && (len(all) == 1 || s.Status.IsTrue(v2alpha1.ConditionConfigured)) {
			return s, nil
		}
	}
	return nil, fault.New(fault.Missing, "there is no site in namespace "+l.store.Namespace(), "site create NAME")
}

// Credential implements op.LinkMaterial. One that was made before is given again as long as it is good.
func (l links) Credential(ctx context.Context, name string) (*v2alpha1.Secret, error) {
	s, err := l.site(ctx)
	if err != nil {
		return nil, err
	}
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return nil, fault.New(fault.Usage, "the name of a credential cannot be a path", "")
	}
	dir := l.store.Dir()
	ca, err := keys.Read(filepath.Join(dir.RuntimeIssuers(), filepath.Base(s.Issuer())))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Late, "site "+s.Name+" has no certificate authority yet", "site status")
	}
	if err != nil {
		return nil, err
	}
	given := ca
	ring := keys.Ring{Issuers: dir.RuntimeIssuers(), Certs: dir.Credentials(), Now: l.now()}
	pairs, _, _, err := ring.Ensure([]site.CertificateWant{
		{Name: s.Issuer(), Signing: true, Brought: &given},
		{Name: name, CA: s.Issuer(), Subject: name, Client: true},
	})
	if err != nil {
		return nil, err
	}
	return secretOf(name, pairs[name]), nil
}

func secretOf(name string, p pki.Pair) *v2alpha1.Secret {
	out := &v2alpha1.Secret{Type: v2alpha1.SecretTypeTLS, Data: map[string][]byte{
		v2alpha1.SecretKeyCA: p.CA, v2alpha1.SecretKeyCert: p.Cert, v2alpha1.SecretKeyKey: p.Key,
	}}
	out.Name = name
	v2alpha1.SetTypeMeta(out)
	return out
}
