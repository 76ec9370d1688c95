package certificates

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/scope"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/pki"
)

type reconciler struct {
	client.Client
	live client.Reader // not the cache
	opts Options

	name    string
	workers int
	signing bool // it sees to Certificates that sign, and else to those that do not
}

// sees tells whether a Certificate is one that the reconciler sees to.
func (r *reconciler) sees(o client.Object) bool {
	c, ok := o.(*v2alpha1.Certificate)
	return ok && c.Spec.Signing == r.signing
}

// affected are the Certificates that a Secret is the result or the authority of.
func (r *reconciler) affected(ctx context.Context, secret client.Object) []reconcile.Request {
	var list v2alpha1.CertificateList
	if err := r.List(ctx, &list, client.InNamespace(secret.GetNamespace())); err != nil {
		return nil // the cache has ended
	}
	var out []reconcile.Request
	for i := range list.Items {
		if c := &list.Items[i]; r.sees(c) && (c.Name == secret.GetName() || c.Spec.CA == secret.GetName()) {
			out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(c)})
		}
	}
	return out
}

// Reconcile makes the Secret of one Certificate what it should be.
func (r *reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	if in, err := scope.Includes(ctx, r.opts.Scope, r.opts.Own, req.NamespacedName); err != nil || !in {
		return ctrl.Result{}, err
	}
	var c v2alpha1.Certificate
	if err := r.Get(ctx, req.NamespacedName, &c); err != nil {
		if apierrors.IsNotFound(err) {
			return ctrl.Result{}, r.remove(ctx, req.NamespacedName)
		}
		return ctrl.Result{}, err
	}
	if !c.DeletionTimestamp.IsZero() || !r.sees(&c) {
		return ctrl.Result{}, nil
	}
	now := r.opts.Now()
	pair, again, err := r.ensure(ctx, &c, now)
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return ctrl.Result{RequeueAfter: time.Second}, nil // the cache is behind; it wakes us too
	}
	if c.Spec.Signing && err == nil {
		if err := r.noteAuthority(ctx, &c, pair, now); err != nil {
			return ctrl.Result{}, client.IgnoreNotFound(err)
		}
	}
	return ctrl.Result{RequeueAfter: again}, r.status(ctx, &c, pair, err)
}

// noteAuthority notes with a Certificate that signs which one is in use, and since when that is another than before: its Secret was
// deleted, or replaced, and nothing that was signed before is accepted any more. A certificate that is only made anew for the same key
// and name is the same authority; and the note goes when the one before comes back, as from a backup.
func (r *reconciler) noteAuthority(ctx context.Context, c *v2alpha1.Certificate, p pki.Pair, now time.Time) error {
	m, err := pki.Parse(p)
	if err != nil {
		return nil // of somebody else, who has to know
	}
	sum := sha256.Sum256(slices.Concat(m.Chain[0].RawSubjectPublicKeyInfo, m.Chain[0].RawSubject))
	is, was := hex.EncodeToString(sum[:16]), c.Annotations[names.Authority]
	if is == was {
		return nil
	}
	before := c.DeepCopy()
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations[names.Authority] = is
	switch {
	case was == "":
	case is == c.Annotations[names.AuthorityBefore]:
		delete(c.Annotations, names.AuthorityReplaced)
		delete(c.Annotations, names.AuthorityBefore)
		r.opts.Log.Info().Str("namespace", c.Namespace).Str("certificate", c.Name).Msg("authority.restored")
	default:
		c.Annotations[names.AuthorityReplaced], c.Annotations[names.AuthorityBefore] = now.UTC().Format(time.RFC3339), was
		r.opts.Log.Warn().Str("namespace", c.Namespace).Str("certificate", c.Name).Msg("authority.replaced")
	}
	return r.Patch(ctx, c, client.MergeFrom(before))
}

// ensure gives the pair that the Certificate's Secret has in the end, and when to look again.
func (r *reconciler) ensure(ctx context.Context, c *v2alpha1.Certificate, now time.Time) (p pki.Pair, again time.Duration, err error) {
	old, err := r.secret(ctx, client.ObjectKeyFromObject(c))
	if err != nil {
		return p, 0, err
	}
	if old != nil && !controlled(old.Annotations) {
		if p = pairOf(old); !asked(c, p, now) {
			return pki.Pair{}, resync, errForeign
		}
		if err := begun(p, now); err != nil {
			return p, retry, err
		}
		return p, resync, nil
	}
	var ca pki.Pair
	if !c.Spec.Signing {
		if ca, err = r.authority(ctx, c); err != nil {
			return p, retry, err
		}
	}
	if old != nil {
		p = pairOf(old)
	}
	if old == nil || !good(c, p, ca, now) {
		if p, err = issue(c, ca, now); err != nil {
			return pki.Pair{}, retry, err
		}
		if !good(c, p, ca, now) {
			return pki.Pair{}, retry, unfit(c, p, now)
		}
		r.opts.Log.Info().Str("namespace", c.Namespace).Str("certificate", c.Name).Bool("again", old != nil).Msg("certificate.issued")
	}
	if err := r.write(ctx, c, old, p); err != nil {
		return pki.Pair{}, retry, err
	}
	if err := begun(p, now); err != nil {
		return p, retry, err
	}
	return p, due(c, p, now), nil
}

// secret is the Secret of that name, nil if there is none. Before there is said to be none, or nothing in it, the API server is
// asked: the cache may be behind, and it need not have Secrets of all types, or their contents.
func (r *reconciler) secret(ctx context.Context, key types.NamespacedName) (*corev1.Secret, error) {
	var s corev1.Secret
	err := r.Get(ctx, key, &s)
	if apierrors.IsNotFound(err) || err == nil && len(s.Data) == 0 {
		s = corev1.Secret{}
		err = r.live.Get(ctx, key, &s)
	}
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return &s, err
}

// due is how long until a pair must be looked at again.
func due(c *v2alpha1.Certificate, p pki.Pair, now time.Time) time.Duration {
	at := pki.RenewAt(p.Cert, now)
	if c.Spec.Signing {
		at, _ = pki.Expiry(p.Cert) // it was just parsed
	}
	return min(max(at.Sub(now), time.Second), resync)
}

// authority is the pair that signs.
func (r *reconciler) authority(ctx context.Context, c *v2alpha1.Certificate) (pki.Pair, error) {
	if c.Spec.CA == "" {
		return pki.Pair{}, errors.New("spec.ca is empty, which only a signing certificate may leave out")
	}
	s, err := r.secret(ctx, types.NamespacedName{Namespace: c.Namespace, Name: c.Spec.CA})
	if err != nil {
		return pki.Pair{}, err
	}
	if s == nil {
		return pki.Pair{}, fmt.Errorf("CA %q not found", c.Namespace+"/"+c.Spec.CA)
	}
	return pairOf(s), nil
}

// write makes the Secret hold the pair.
func (r *reconciler) write(ctx context.Context, c *v2alpha1.Certificate, old *corev1.Secret, p pki.Pair) error {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: c.Name}, Type: corev1.SecretTypeTLS}
	if old != nil {
		s = old.DeepCopy()
	}
	same := old != nil && ownedOnly(s, c) && s.Annotations[names.Hosts] == strings.Join(c.Spec.Hosts, ",") && s.Annotations[names.Certificate] == "true"
	for key, text := range map[string][]byte{v2alpha1.SecretKeyCA: p.CA, v2alpha1.SecretKeyCert: p.Cert, v2alpha1.SecretKeyKey: p.Key} {
		if s.Data == nil {
			s.Data = map[string][]byte{}
		}
		same = same && string(s.Data[key]) == string(text)
		s.Data[key] = text
	}
	if same {
		return nil
	}
	if s.Annotations == nil {
		s.Annotations = map[string]string{}
	}
	s.Annotations[names.Controlled], s.Annotations[names.Certificate] = "true", "true"
	s.Annotations[names.Hosts] = strings.Join(c.Spec.Hosts, ",")
	own(s, c)
	switch {
	case old == nil:
		return r.Create(ctx, s)
	case old.Type != corev1.SecretTypeTLS || old.Immutable != nil && *old.Immutable:
		// Neither can be changed in place; it is ours, and comes again at once.
		return client.IgnoreNotFound(r.Delete(ctx, old, client.Preconditions{UID: &old.UID, ResourceVersion: &old.ResourceVersion}))
	}
	// A patch, as the cache need not have all of it.
	return r.Patch(ctx, s, client.MergeFromWithOptions(old, client.MergeFromWithOptimisticLock{}))
}

// ownedOnly tells whether a Certificate, and no other, owns a Secret.
func ownedOnly(s *corev1.Secret, c *v2alpha1.Certificate) bool {
	n := 0
	for _, ref := range s.OwnerReferences {
		if ref.Kind == v2alpha1.KindCertificate {
			if ref.UID != c.UID {
				return false
			}
			n++
		}
	}
	return n == 1
}

// own makes the Certificate the one that owns the Secret, in place of a former one of that name.
func own(s *corev1.Secret, c *v2alpha1.Certificate) {
	yes := true
	s.OwnerReferences = append(slices.DeleteFunc(s.OwnerReferences, func(ref metav1.OwnerReference) bool {
		return ref.Kind == v2alpha1.KindCertificate
	}), metav1.OwnerReference{APIVersion: v2alpha1.APIVersion, Kind: v2alpha1.KindCertificate, Name: c.Name, UID: c.UID, Controller: &yes})
}

// remove deletes the Secret of a Certificate that is gone, without waiting for the garbage collector.
func (r *reconciler) remove(ctx context.Context, key types.NamespacedName) error {
	var s corev1.Secret
	if err := r.Get(ctx, key, &s); err != nil {
		return client.IgnoreNotFound(err)
	}
	owned := slices.ContainsFunc(s.OwnerReferences, func(ref metav1.OwnerReference) bool { return ref.Kind == v2alpha1.KindCertificate })
	if !owned || !controlled(s.Annotations) {
		return nil
	}
	// The cache may be behind: a Certificate made again has taken the Secret over by then, which the precondition sees.
	err := r.Delete(ctx, &s, client.Preconditions{UID: &s.UID, ResourceVersion: &s.ResourceVersion})
	if apierrors.IsConflict(err) {
		return nil
	}
	return client.IgnoreNotFound(err)
}

// status says how it went. Only an error that nobody can read from the status is returned.
func (r *reconciler) status(ctx context.Context, c *v2alpha1.Certificate, p pki.Pair, result error) error {
	if result != nil && unreported(result) {
		return result
	}
	before := c.Status.DeepCopy()
	v2alpha1.SetCondition(r.opts.Now(), c, v2alpha1.ConditionReady, result)
	c.Status.Expiration = ""
	if end, err := pki.Expiry(p.Cert); err == nil {
		c.Status.Expiration = end.UTC().Format(time.RFC3339)
	}
	if equality.Semantic.DeepEqual(before, &c.Status) {
		return nil
	}
	err := r.Status().Update(ctx, c)
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // it is gone, or has changed, of which we are told
	}
	return err
}

// unreported tells errors of the API server that go away with time: they are for the log and for another try.
func unreported(err error) bool {
	return apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsInternalError(err) || apierrors.IsServiceUnavailable(err) || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded)
}
