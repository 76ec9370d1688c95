package redeem

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/manifest"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/shared/token"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Bounds of an answer.
const (
	maxLinks     = 64
	maxEndpoints = 64 // of one link
	maxText      = 253
)

// read checks an answer and takes from it what is asked for, and nothing else: neither namespaces, labels or owners,
// nor fields that are not known here.
func (x *exchange) read(body []byte) (Result, error) {
	docs, err := manifest.Options{UnknownKinds: manifest.Keep, UnknownFields: true, MaxSize: maxAnswer}.Read(bytes.NewReader(body), "answer")
	if err != nil {
		return Result{}, err
	}
	if len(docs) < 2 || len(docs) > 1+maxLinks {
		return Result{}, fmt.Errorf("%d documents, want a Secret and 1 to %d Links", len(docs), maxLinks)
	}
	in, ok := docs[0].Object.(*v2alpha1.Secret)
	if !ok {
		return Result{}, fmt.Errorf("the first document is a %q, want a Secret", clip(docs[0].Kind))
	}
	var res Result
	if res.Secret, res.OwnKey, err = x.secret(in); err != nil {
		return Result{}, err
	}
	seen := map[string]bool{}
	for _, d := range docs[1:] {
		in, ok := d.Object.(*v2alpha1.Link)
		if !ok {
			return Result{}, fmt.Errorf("document %q is a %q, want a Link", clip(d.Name), clip(d.Kind))
		}
		if seen[in.Name] {
			return Result{}, fmt.Errorf("two links are called %q", clip(in.Name))
		}
		seen[in.Name] = true
		link, err := x.link(in)
		if err != nil {
			return Result{}, err
		}
		res.Links = append(res.Links, link)
	}
	return res, nil
}

func (x *exchange) secret(in *v2alpha1.Secret) (out *v2alpha1.Secret, own bool, err error) {
	switch {
	case in.Name != x.token.Name:
		return nil, false, fmt.Errorf("the Secret is called %q, want %s", clip(in.Name), x.token.Name)
	case in.Type != v2alpha1.SecretTypeTLS:
		return nil, false, fmt.Errorf("the Secret is of type %q, want %s", clip(in.Type), v2alpha1.SecretTypeTLS)
	}
	pair := pki.Pair{CA: in.Data[v2alpha1.SecretKeyCA], Cert: in.Data[v2alpha1.SecretKeyCert], Key: in.Data[v2alpha1.SecretKeyKey]}
	if len(pair.Key) == 0 {
		pair.Key, own = x.key, true
	}
	if len(pair.CA) == 0 {
		return nil, false, errors.New("the Secret has no ca.crt")
	}
	m, err := pki.Parse(pair)
	if err != nil {
		return nil, false, err
	}
	// At an instant at which the certificate is surely valid: clocks that differ a little are no reason to refuse it,
	// when it is redeemed already.
	if err := pki.Verify(pair, m.Chain[0].NotBefore.Add(time.Second)); err != nil {
		if err := pki.Verify(pair, x.now()); err != nil {
			return nil, false, err
		}
	}
	return &v2alpha1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: v2alpha1.SecretAPIVersion, Kind: v2alpha1.KindSecret},
		ObjectMeta: metav1.ObjectMeta{Name: x.token.Name},
		Type:       v2alpha1.SecretTypeTLS,
		Data: map[string][]byte{
			v2alpha1.SecretKeyCA: pair.CA, v2alpha1.SecretKeyCert: pair.Cert, v2alpha1.SecretKeyKey: pair.Key,
		},
	}, own, nil
}

func (x *exchange) link(in *v2alpha1.Link) (*v2alpha1.Link, error) {
	switch {
	case !token.ValidName(in.Name):
		return nil, fmt.Errorf("%q is no name for a link", clip(in.Name))
	case in.Spec.TLSCredentials != x.token.Name:
		return nil, fmt.Errorf("link %s uses the credentials %q, want %s", in.Name, clip(in.Spec.TLSCredentials), x.token.Name)
	case len(in.Spec.Endpoints) == 0 || len(in.Spec.Endpoints) > maxEndpoints:
		return nil, fmt.Errorf("link %s has %d endpoints, want 1 to %d", in.Name, len(in.Spec.Endpoints), maxEndpoints)
	}
	for _, e := range in.Spec.Endpoints {
		if err := checkEndpoint(e); err != nil {
			return nil, fmt.Errorf("link %s: %w", in.Name, err)
		}
	}
	cost := in.Spec.Cost
	if x.token.LinkCost > 0 {
		cost = x.token.LinkCost
	}
	return &v2alpha1.Link{
		TypeMeta:   metav1.TypeMeta{APIVersion: v2alpha1.APIVersion, Kind: v2alpha1.KindLink},
		ObjectMeta: metav1.ObjectMeta{Name: in.Name},
		Spec:       v2alpha1.LinkSpec{Endpoints: in.Spec.Endpoints, TLSCredentials: x.token.Name, Cost: max(cost, 0)},
	}, nil
}

// hostName is what host names look like in practice, capitals and underscores included.
var hostName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$`)

func checkEndpoint(e v2alpha1.Endpoint) error {
	port, err := strconv.Atoi(e.Port)
	switch {
	case e.Name == "" || !token.ValidName(e.Name):
		return fmt.Errorf("%q is no name for an endpoint", clip(e.Name))
	case len(e.Group) > maxText || e.Group != "" && !token.ValidName(e.Group):
		return fmt.Errorf("%q is no name for a group of endpoints", clip(e.Group))
	case err != nil || port < 1 || port > 65535:
		return fmt.Errorf("endpoint %s has port %q, want 1 to 65535", e.Name, clip(e.Port))
	}
	if addr, err := netip.ParseAddr(e.Host); (err != nil || addr.Zone() != "") && !hostName.MatchString(e.Host) {
		return fmt.Errorf("endpoint %s has host %q, want a name or an address", e.Name, clip(e.Host))
	}
	return nil
}
