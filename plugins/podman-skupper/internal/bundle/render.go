package bundle

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/keys"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/site"
)

// What install.sh fills in.
const (
	siteID    = "{{.SiteId}}"
	suffix    = "{{.SiteNameSuffix}}"
	namespace = "{{.Namespace}}"
	platform  = "{{.Platform}}"
	certDir   = "{{.SslProfileBasePath}}/runtime/certs"
	proxyDir  = "{{.SslProfileBasePath}}/runtime/proxies"
)

// Source is what a bundle is made from.
type Source struct {
	Resources string // directory of resource files
	Issuers   string // directory of authorities that the user brought; may be empty
	Certs     string // directory of key pairs that the user brought; may be empty
	Namespace string
	Version   string // of this program
	Image     string // of the router, where a container runs it
	Now       time.Time
}

// Made is what the bundle has.
type Made struct {
	Site  string
	Notes []string // what the user should know
}

// render makes the directory of the namespace below work, and returns it.
func (s Source) render(ctx context.Context, work string) (dir filestore.Dir, ports ports, made Made, err error) {
	dir = filestore.Under(work).Namespace(s.Namespace)
	for from, to := range map[string]string{s.Resources: dir.InputResources(), s.Issuers: dir.InputIssuers(), s.Certs: dir.InputCerts()} {
		if from != "" {
			if err := copyTree(from, to); err != nil {
				return dir, nil, made, err
			}
		}
	}
	in, err := filestore.Open(dir, func() time.Time { return s.Now }).Load()
	if err != nil {
		return dir, nil, made, err
	}
	for _, f := range in.Faults {
		f.Path = filepath.Join(s.Resources, filepath.Base(f.Path))
		if !f.Remark {
			return dir, nil, made, fault.Wrap(fault.Usage, "read the resources for the bundle", f, "correct it, then try again")
		}
		made.Notes = append(made.Notes, f.Error())
	}
	d, pairs, found, err := s.plan(in, dir)
	if err != nil {
		return dir, nil, made, err
	}
	made.Site = d.Site.Name
	made.Notes = append(made.Notes, notes(in, d)...)
	return dir, found, made, s.write(ctx, dir, d, pairs, found)
}

// plan is the site as it will be, with its certificates.
func (s Source) plan(in *filestore.Input, dir filestore.Dir) (d site.Desired, pairs map[string]pki.Pair, p ports, err error) {
	res := site.Resources{Namespace: s.Namespace, Platform: platform, Version: s.Version, RouterSuffix: suffix, SiteID: siteID, CertDir: certDir, ProxyDir: proxyDir}
	for _, o := range in.Objects {
		if v2alpha1.KindOf(o) == v2alpha1.KindSite {
			o.SetUID(types.UID(siteID))
		}
		res.Add(o)
	}
	if len(res.Sites) != 1 {
		return d, nil, nil, fault.New(fault.Usage, fmt.Sprintf("the resources for the bundle have %d sites, want 1", len(res.Sites)), "`site create NAME` makes one, `site generate NAME` prints one")
	}
	given, faults := keys.ReadAll(dir.InputCerts())
	issuers, more := keys.ReadAll(dir.InputIssuers())
	for _, err := range append(faults, more...) {
		return d, nil, nil, fault.Wrap(fault.Usage, "read the key pairs for the bundle", err, "")
	}
	for name, p := range issuers {
		given[name] = p
	}
	res.Given = given
	obs := site.Observed{Now: s.Now}
	if d, err = site.Plan(res, obs); err != nil {
		return d, nil, nil, err
	}
	if d.Config == nil {
		return d, nil, nil, fault.New(fault.Usage, "the site of the bundle would have no router", "see its resources")
	}
	p = portsOf(d.Ports, in.Objects)
	ring := keys.Ring{Issuers: dir.RuntimeIssuers(), Certs: dir.RuntimeCerts(), Now: s.Now}
	if pairs, _, _, err = ring.Ensure(d.Certificates); err != nil {
		return d, nil, nil, err
	}
	res.Certs, obs.Ports = pairs, p.stand()
	d, err = site.Plan(res, obs)
	return d, pairs, p, err
}

// notes are what the user has to know of what a bundle cannot do.
func notes(in *filestore.Input, d site.Desired) (all []string) {
	for _, o := range in.Objects {
		switch kind := v2alpha1.KindOf(o); kind {
		case v2alpha1.KindAccessToken:
			all = append(all, "access token "+o.GetName()+" is not redeemed where the bundle is installed: make a link without a token instead, `link generate`")
		case v2alpha1.KindAccessGrant:
			all = append(all, "access grant "+o.GetName()+" is of no use where the bundle is installed: nobody serves it there")
		}
	}
	for _, l := range d.StaticLinks {
		if l.Host != "127.0.0.1" && l.Host != "::1" && l.Host != "localhost" {
			return all
		}
	}
	if len(d.RouterAccesses) > 0 {
		all = append(all, "other sites cannot link to it: its certificate is for no host but the machine itself; name them with `site update --advertise HOST` first")
	}
	return all
}

// write writes what a plan wants on disk, with the ports yet to be filled in.
func (s Source) write(ctx context.Context, dir filestore.Dir, d site.Desired, pairs map[string]pki.Pair, ports ports) error {
	for _, p := range []string{dir.InputResources(), dir.InputIssuers(), dir.InputCerts(), dir.RuntimeResources(), dir.RuntimeCerts(), dir.RuntimeIssuers(),
		dir.RuntimeProxies(), dir.RuntimeLinks(), filepath.Dir(dir.RouterConfig()), dir.Snapshot(), dir.Scripts()} {
		if err := os.MkdirAll(p, 0o755); err != nil {
			return fault.Wrap(fault.Failed, "make the bundle", err, "")
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, p := range d.Profiles {
		to := filepath.Join(dir.RuntimeCerts(), p.Name)
		if _, err := os.Stat(to); err == nil {
			continue // the key pair's own directory
		}
		pair := pairs[p.Credentials]
		if p.CAOnly {
			pair = pki.Pair{CA: pair.CA}
		}
		if _, err := keys.Write(to, pair, nil); err != nil {
			return err
		}
	}
	for _, p := range d.Proxies {
		if err := put(filepath.Join(dir.RuntimeProxies(), p.Name, "password.txt"), 0o600, p.Password); err != nil {
			return err
		}
	}
	for i := range d.Config.Sites {
		d.Config.Sites[i].Namespace = namespace
	}
	text, err := d.Config.Marshal()
	if err != nil {
		return err
	}
	connect, err := site.ConnectJSON(d.Ports[site.LocalListener])
	if err != nil {
		return err
	}
	connect = ports.fill(connect)
	files := map[string][]byte{dir.RouterConfig(): ports.fill(text), dir.State(): ports.state(), dir.Platform(): []byte("platform: " + platform + "\n")}
	for _, w := range d.Certificates {
		if w.Client && !w.Server && !w.Signing {
			files[filepath.Join(dir.RuntimeCerts(), w.Name, "connect.json")] = connect
		}
	}
	for _, o := range append(d.Statuses, accesses(d)...) {
		kind := v2alpha1.KindOf(o)
		if kind == v2alpha1.KindSecret {
			continue
		}
		o.SetNamespace(namespace)
		text, err := manifest.YAML(o)
		if err != nil {
			return err
		}
		files[filepath.Join(dir.RuntimeResources(), kind+"-"+o.GetName()+".yaml")] = ports.fill(text)
	}
	for path, text := range files {
		if err := put(path, 0o644, text); err != nil {
			return err
		}
	}
	for _, l := range d.StaticLinks {
		for i := range l.Link.Spec.Endpoints {
			e := &l.Link.Spec.Endpoints[i]
			e.Port = string(ports.fill([]byte(e.Port)))
		}
		b := bytes.NewBufferString("---\n")
		if err := manifest.Write(b, l.Documents(pairs[l.Client], connect)...); err != nil {
			return err
		}
		if err := put(filepath.Join(dir.RuntimeLinks(), strings.ReplaceAll(l.File, string(filepath.Separator), "_")), 0o600, b.Bytes()); err != nil {
			return err
		}
	}
	return copyTree(dir.InputResources(), dir.Snapshot())
}

// accesses are the router accesses that the site made for itself; the others are among the statuses.
func accesses(d site.Desired) (all []v2alpha1.Object) {
	for _, ra := range d.RouterAccesses {
		if _, made := ra.Annotations[site.AnnotationControlled]; made {
			all = append(all, ra)
		}
	}
	return all
}

func put(path string, perm fs.FileMode, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fault.Wrap(fault.Failed, "make the bundle", err, "")
	}
	return atomicfile.Write(path, perm, text)
}
