package certificates

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Want is a Certificate that a controller needs.
type Want struct {
	Namespace, Name         string
	CA, Subject             string
	Hosts                   []string // that the owner needs; those of other owners stay
	Client, Server, Signing bool
	Owners                  []metav1.OwnerReference // the hosts are the first one's; none: nobody's, and it stays for ever
}

// Ensure makes sure that there is the Certificate that an owner wants. Several owners may want the same one: it is then for
// the hosts of all of them, subject and authority are the first one's, and it goes when the last of them is gone. One that a user
// made is not touched, and is an error; so is one of the site itself, one that signs where that is not wanted, and one that has to
// be signed by another authority for somebody else.
func Ensure(ctx context.Context, c client.Client, w Want) error {
	var old v2alpha1.Certificate
	err := c.Get(ctx, types.NamespacedName{Namespace: w.Namespace, Name: w.Name}, &old)
	if apierrors.IsNotFound(err) {
		fresh := &v2alpha1.Certificate{ObjectMeta: metav1.ObjectMeta{Namespace: w.Namespace, Name: w.Name,
			Labels:      map[string]string{names.Certificate: "true"},
			Annotations: map[string]string{names.Controlled: "true"},
		}}
		w.apply(fresh)
		if err := c.Create(ctx, fresh); err != nil {
			return fmt.Errorf("create certificate %q: %w", w.Name, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if !controlled(old.Annotations) {
		return fmt.Errorf("certificate %q exists but is not controlled by skupper", w.Name)
	}
	if err := w.refused(&old); err != nil {
		return err
	}
	next := old.DeepCopy()
	w.apply(next)
	if equality.Semantic.DeepEqual(&old, next) {
		return nil
	}
	if err := c.Update(ctx, next); err != nil {
		return fmt.Errorf("update certificate %q: %w", w.Name, err)
	}
	return nil
}

// refused says why a Certificate that there is cannot be had. Two that want different things of it would take turns without end, and
// an authority that was made a server's is lost with all that it has signed.
func (w Want) refused(c *v2alpha1.Certificate) error {
	mine := func(ref metav1.OwnerReference) bool {
		return slices.ContainsFunc(w.Owners, func(r metav1.OwnerReference) bool { return r.UID == ref.UID })
	}
	for _, ref := range c.OwnerReferences {
		if ref.Kind == v2alpha1.KindSite && !mine(ref) {
			return fmt.Errorf("certificate %q is what site %s has for itself: choose another name for the credentials", w.Name, ref.Name)
		}
	}
	switch {
	case c.Spec.Signing && !w.Signing:
		return fmt.Errorf("certificate %q is an authority: choose another name for the credentials", w.Name)
	case len(c.OwnerReferences) == 0 || c.Spec.CA == w.CA || mine(c.OwnerReferences[0]):
		return nil
	}
	first := c.OwnerReferences[0]
	return fmt.Errorf("certificate %q is signed by %q for %s %s, not by %q: choose another name for the credentials, or the same issuer",
		w.Name, c.Spec.CA, first.Kind, first.Name, w.CA)
}

// apply writes what is wanted into a Certificate, beside what other owners want.
func (w Want) apply(c *v2alpha1.Certificate) {
	for _, ref := range w.Owners {
		i := slices.IndexFunc(c.OwnerReferences, func(r metav1.OwnerReference) bool { return r.UID == ref.UID })
		if ref.Controller = nil; i < 0 { // there may be several
			c.OwnerReferences = append(c.OwnerReferences, ref)
		}
	}
	owners := map[string]bool{}
	for _, ref := range c.OwnerReferences {
		owners[hostsOf(ref.UID)] = true
	}
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	if c.Labels == nil {
		c.Labels = map[string]string{}
	}
	c.Labels[names.Certificate] = "true"
	if len(w.Owners) > 0 && len(w.Hosts) > 0 {
		c.Annotations[hostsOf(w.Owners[0].UID)] = strings.Join(hostSet(w.Hosts), ",")
	}
	var hosts []string
	lists := 0
	for key, text := range c.Annotations {
		switch {
		case !strings.HasPrefix(key, names.Hosts+"-"):
		case !owners[key]: // of an owner that is gone
			delete(c.Annotations, key)
		default:
			lists++
			for _, h := range strings.Split(text, ",") { // others write a space behind the comma
				hosts = append(hosts, strings.TrimSpace(h))
			}
		}
	}
	if len(w.Owners) == 0 {
		hosts = append(hosts, w.Hosts...)
	}
	hosts = hostSet(hosts)
	if lists < 2 || c.Spec.Subject == "" { // the subject stays that of the first owner
		c.Spec.Subject = w.Subject
	}
	if !slices.Equal(hostSet(c.Spec.Hosts), hosts) { // else their order stays, whoever chose it
		c.Spec.Hosts = hosts
	}
	c.Spec.CA, c.Spec.Signing = w.CA, w.Signing
	c.Spec.Client, c.Spec.Server = c.Spec.Client || w.Client, c.Spec.Server || w.Server
}

// hostsOf is the annotation with the hosts that an owner wants.
func hostsOf(owner types.UID) string { return names.Hosts + "-" + string(owner) }
