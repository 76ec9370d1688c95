package claims

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// store makes the resources of an answer: the Secret first, as links without their credentials are of no use, then the links.
// What is there already from a redemption that was cut off is adopted.
func (r *reconciler) store(ctx context.Context, of *v2alpha1.Site, namespace string, secret *v2alpha1.Secret, links []*v2alpha1.Link) error {
	owner := metav1.OwnerReference{APIVersion: v2alpha1.APIVersion, Kind: v2alpha1.KindSite, Name: of.Name, UID: of.UID}
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: name, OwnerReferences: []metav1.OwnerReference{owner}}
	}
	s := &corev1.Secret{ObjectMeta: meta(secret.Name), Type: corev1.SecretTypeTLS, Data: secret.Data}
	if err := r.put(ctx, s, &corev1.Secret{}, owner); err != nil {
		return storing(v2alpha1.KindSecret, err)
	}
	var there v2alpha1.LinkList
	if err := r.live.List(ctx, &there, client.InNamespace(namespace)); err != nil {
		return storing(v2alpha1.KindLink, err)
	}
	for _, l := range links {
		if done, err := r.renew(ctx, owner, l, secret, there.Items); err != nil || done {
			if err != nil {
				return storing(v2alpha1.KindLink, err)
			}
			continue
		}
		if err := r.put(ctx, &v2alpha1.Link{ObjectMeta: meta(l.Name), Spec: l.Spec}, &v2alpha1.Link{}, owner); err != nil {
			return storing(v2alpha1.KindLink, err)
		}
	}
	return nil
}

// renew gives new credentials to a link that leads to the same place and cannot come up, as the site there has another authority
// than when it was made: it keeps its name, cost and settings, and there are not two of which one is of no use.
func (r *reconciler) renew(ctx context.Context, owner metav1.OwnerReference, fresh *v2alpha1.Link, secret *v2alpha1.Secret, there []v2alpha1.Link) (done bool, err error) {
	for i := range there {
		if old := &there[i]; old.Name != fresh.Name && old.Spec.TLSCredentials == fresh.Spec.TLSCredentials && site.SameEndpoints(old, fresh) {
			return true, nil // before it was cut off
		}
	}
	for i := range there {
		old := &there[i]
		if old.Spec.TLSCredentials == "" || !site.NeedsRenewal(old) || !redeemedFor(old, owner) {
			continue // there is nothing to compare, or nothing to renew, or it is not for us to change
		}
		var creds corev1.Secret
		err := r.live.Get(ctx, client.ObjectKey{Namespace: old.Namespace, Name: old.Spec.TLSCredentials}, &creds)
		if err != nil && !apierrors.IsNotFound(err) {
			return false, err
		}
		if !site.Renews(fresh, old, secret.Data[v2alpha1.SecretKeyCA], creds.Data[v2alpha1.SecretKeyCA]) {
			continue
		}
		next := old.DeepCopy()
		next.Spec.Endpoints, next.Spec.TLSCredentials = fresh.Spec.Endpoints, fresh.Spec.TLSCredentials
		if err := r.Update(ctx, next); err != nil {
			return false, err
		}
		r.opts.Log.Info().Str("namespace", old.Namespace).Str("link", old.Name).Str("credentials", fresh.Spec.TLSCredentials).Msg("link.renewed")
		if err := r.discard(ctx, &creds); err != nil { // they are of no use, and go with the site
			r.opts.Log.Warn().Err(err).Str("namespace", old.Namespace).Str("secret", creds.Name).Msg("link.credentials.left")
		}
		return true, nil
	}
	return false, nil
}

// redeemedFor tells whether an object is one that redemptions made for a site, and that nobody else looks after.
func redeemedFor(o client.Object, owner metav1.OwnerReference) bool {
	_, controlled := o.GetAnnotations()[names.Controlled]
	_, managed := o.GetLabels()[managedBy]
	owners := o.GetOwnerReferences()
	return !controlled && !managed && len(owners) == 1 && owners[0].UID == owner.UID
}

// managedBy is the label of what some tool keeps as it is.
const managedBy = "app.kubernetes.io/managed-by"

// discard removes credentials that came with a token and that nothing uses any more.
func (r *reconciler) discard(ctx context.Context, creds *corev1.Secret) error {
	_, controlled := creds.Annotations[names.Controlled]
	owned := slices.ContainsFunc(creds.OwnerReferences, func(ref metav1.OwnerReference) bool { return ref.Kind == v2alpha1.KindSite })
	if controlled || !owned || len(creds.OwnerReferences) > 1 {
		return nil
	}
	used, err := r.used(ctx, creds)
	if used || err != nil {
		return err
	}
	return client.IgnoreNotFound(r.Delete(ctx, creds, client.Preconditions{UID: &creds.UID, ResourceVersion: &creds.ResourceVersion}))
}

// used tells whether a resource uses credentials.
func (r *reconciler) used(ctx context.Context, creds *corev1.Secret) (used bool, err error) {
	for _, k := range v2alpha1.Kinds() {
		all, ok := k.NewList().(client.ObjectList)
		if !ok || k.Kind == v2alpha1.KindSecret {
			continue
		}
		err := r.live.List(ctx, all, client.InNamespace(creds.Namespace))
		if apimeta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
			continue // an older cluster does not know every kind
		}
		if err != nil {
			return false, fmt.Errorf("look who uses secret %s: %w", creds.Name, err)
		}
		_ = apimeta.EachListItem(all, func(o runtime.Object) error { // a list of resources is one
			if u, ok := o.(v2alpha1.Object); ok {
				used = used || site.CredentialsOf(u) == creds.Name
			}
			return nil
		})
		if used {
			return true, nil
		}
	}
	return false, nil
}

// made marks the error of a creation.
func made(err error) error {
	if err == nil {
		return nil
	}
	return unmade{err}
}

// put creates an object, or makes the one that is there the same if it is of the same site and made by a redemption. Any
// other is in the way.
func (r *reconciler) put(ctx context.Context, want, old client.Object, owner metav1.OwnerReference) error {
	exists := r.Create(ctx, want)
	if !apierrors.IsAlreadyExists(exists) {
		return made(exists)
	}
	if err := r.live.Get(ctx, client.ObjectKeyFromObject(want), old); err != nil {
		return err
	}
	// Redemptions leave no mark; what the controller makes for a site, such as its authorities, has one.
	_, controlled := old.GetAnnotations()[names.Controlled]
	ours := slices.ContainsFunc(old.GetOwnerReferences(), func(ref metav1.OwnerReference) bool { return ref.UID == owner.UID })
	if controlled || !ours {
		return exists
	}
	next, ok := old.DeepCopyObject().(client.Object)
	if !ok {
		return exists
	}
	switch n := next.(type) {
	case *corev1.Secret:
		if w, ok := want.(*corev1.Secret); ok {
			if n.Type != w.Type {
				return errors.Join(exists, errors.New("it is not of type "+string(w.Type)))
			}
			n.Data = w.Data
		}
	case *v2alpha1.Link:
		if w, ok := want.(*v2alpha1.Link); ok {
			if n.Spec.TLSCredentials != "" && n.Spec.TLSCredentials != w.Spec.TLSCredentials { // without, it was left half made
				return errors.Join(exists, errors.New("it came of another token")) // the other site chose the name
			}
			n.Spec.Endpoints, n.Spec.TLSCredentials, n.Spec.Cost = w.Spec.Endpoints, w.Spec.TLSCredentials, w.Spec.Cost
		}
	}
	if equality.Semantic.DeepEqual(old, next) {
		return nil
	}
	return r.Update(ctx, next)
}
