package claims

import (
	"context"
	"errors"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// store makes the resources of an answer: the Secret first, as links without their credentials are of no use, then the links.
// What is there already from a redemption that was cut off is adopted.
func (r *reconciler) store(ctx context.Context, site *v2alpha1.Site, namespace string, secret *v2alpha1.Secret, links []*v2alpha1.Link) error {
	owner := metav1.OwnerReference{APIVersion: v2alpha1.APIVersion, Kind: v2alpha1.KindSite, Name: site.Name, UID: site.UID}
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: name, OwnerReferences: []metav1.OwnerReference{owner}}
	}
	s := &corev1.Secret{ObjectMeta: meta(secret.Name), Type: corev1.SecretTypeTLS, Data: secret.Data}
	if err := r.put(ctx, s, &corev1.Secret{}, owner); err != nil {
		return storing(v2alpha1.KindSecret, err)
	}
	for _, l := range links {
		if err := r.put(ctx, &v2alpha1.Link{ObjectMeta: meta(l.Name), Spec: l.Spec}, &v2alpha1.Link{}, owner); err != nil {
			return storing(v2alpha1.KindLink, err)
		}
	}
	return nil
}

// put creates an object, or makes the one that is there the same if it is of the same site and made by a redemption. Any
// other is in the way.
func (r *reconciler) put(ctx context.Context, want, old client.Object, owner metav1.OwnerReference) error {
	exists := r.Create(ctx, want)
	if !apierrors.IsAlreadyExists(exists) {
		return exists
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
			n.Spec.Endpoints, n.Spec.TLSCredentials, n.Spec.Cost = w.Spec.Endpoints, w.Spec.TLSCredentials, w.Spec.Cost
		}
	}
	if equality.Semantic.DeepEqual(old, next) {
		return nil
	}
	return r.Update(ctx, next)
}
