package claims

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/activesite"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/grant/redeem"
	"github.com/skupper-plugins/suite/shared/token"
)

type reconciler struct {
	client.Client
	live   client.Reader // not the cache
	opts   Options
	events recorder
	lanes  *lanes

	mu    sync.Mutex
	waits map[client.ObjectKey]wait // tokens that failed
}

// tokensOf are the tokens that a site may redeem.
func (r *reconciler) tokensOf(ctx context.Context, site client.Object) (out []reconcile.Request) {
	var list v2alpha1.AccessTokenList
	if err := r.List(ctx, &list, client.InNamespace(site.GetNamespace())); err != nil {
		return nil // the cache has ended
	}
	for i := range list.Items {
		if t := &list.Items[i]; !t.IsRedeemed() {
			out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(t)})
		}
	}
	return out
}

// Reconcile redeems one token, if that is to be done now.
func (r *reconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	if in, err := r.opts.Scope.Controls(ctx, req.Namespace); err != nil || !in {
		return ctrl.Result{}, err
	}
	var t v2alpha1.AccessToken
	if err := r.Get(ctx, req.NamespacedName, &t); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req.NamespacedName)
			r.lanes.forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	switch {
	case !t.DeletionTimestamp.IsZero():
		return ctrl.Result{}, nil
	case t.IsRedeemed(): // before the end of this program, or of another, it may not have come to this
		r.forget(req.NamespacedName)
		return ctrl.Result{}, r.journalOf(&t).remove(ctx)
	}
	site, err := activesite.In(ctx, r, t.Namespace)
	if err != nil {
		return ctrl.Result{}, err
	}
	if site == nil {
		return ctrl.Result{}, r.status(ctx, &t, v2alpha1.Waiting(v2alpha1.MessageNoActiveSite))
	}
	w, left, fresh := r.waiting(req.NamespacedName, t.Generation, r.opts.Now())
	if w.never == "" && left == 0 {
		leave, again := r.lanes.enter(req.NamespacedName)
		if leave == nil {
			return ctrl.Result{RequeueAfter: again}, nil
		}
		defer leave()
	}
	if fresh { // it may have been refused before this program began
		if w.never, err = r.journalOf(&t).refused(ctx); err != nil {
			return ctrl.Result{}, err
		}
		if w.never != "" {
			r.never(req.NamespacedName, t.Generation, w.never)
		}
	}
	switch {
	case w.never != "":
		return behind(r.status(ctx, &t, errors.New(w.never)))
	case left > 0: // the status may not tell of it yet, if it was changed by others meanwhile
		return after(left, r.status(ctx, &t, w.last))
	}
	if err := r.redeem(ctx, &t, site); err != nil {
		return r.fail(ctx, &t, err)
	}
	r.forget(req.NamespacedName)
	r.opts.Log.Info().Str("namespace", t.Namespace).Str("token", t.Name).Msg("token.redeemed")
	err = r.remember(ctx, &t, site)
	if err == nil {
		err = r.status(ctx, &t, nil)
	}
	if err != nil {
		return behind(err) // the journal stays until it is written
	}
	return ctrl.Result{}, r.journalOf(&t).remove(ctx)
}

// remember notes the site for which a token is redeemed: when that is gone, the token is to say so, whatever sites there are then.
func (r *reconciler) remember(ctx context.Context, t *v2alpha1.AccessToken, site *v2alpha1.Site) error {
	if t.Annotations[names.RedeemedFor] == string(site.UID) {
		return nil
	}
	before := t.DeepCopy()
	if t.Annotations == nil {
		t.Annotations = map[string]string{}
	}
	t.Annotations[names.RedeemedFor] = string(site.UID)
	if err := r.Patch(ctx, t, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("note the site that token %s is redeemed for: %w", t.Name, err)
	}
	return nil
}

// fail tells of a failure, and has the token tried again if that may help.
func (r *reconciler) fail(ctx context.Context, t *v2alpha1.AccessToken, err error) (ctrl.Result, error) {
	switch {
	case ctx.Err() != nil:
		return ctrl.Result{}, ctx.Err() // the controller ends
	case isBehind(err):
		return behind(err) // something was changed, or has gone, while it was being made: that is no news to anybody
	}
	key := client.ObjectKeyFromObject(t)
	line := r.opts.Log.Warn().Err(err).Str("namespace", t.Namespace).Str("token", t.Name)
	if final(err) {
		line.Msg("token.refused")
		why := clip(err.Error(), maxMessage-len(notAgain)) + notAgain
		var bad unusable
		if !errors.As(err, &bad) { // else it can be seen again at no cost
			if err := r.journalOf(t).refuse(ctx, why); err != nil {
				return behind(fmt.Errorf("keep that token %s is refused: %w", t.Name, err))
			}
		}
		r.never(key, t.Generation, why)
		return behind(r.status(ctx, t, errors.New(why)))
	}
	again := r.failed(key, t.Generation, err, r.opts.Now())
	line.Dur("again", again).Msg("token.failed")
	return after(again, r.status(ctx, t, err))
}

// after is behind, and the end of a pass without an error that is to be followed by another after some time.
func after(d time.Duration, err error) (ctrl.Result, error) {
	if err != nil {
		return behind(err)
	}
	return ctrl.Result{RequeueAfter: d}, nil
}

// unmade is the failure to make an object. That something was not found is then no news of a cache that is behind: the kind, or the
// namespace, is not there, and that may last.
type unmade struct{ error }

func (u unmade) Unwrap() error { return u.error }

// isBehind tells errors that go away with the next look.
func isBehind(err error) bool {
	var u unmade
	return apierrors.IsConflict(err) || apierrors.IsNotFound(err) && !errors.As(err, &u)
}

// behind is the end of a pass with an error of the API server. A conflict, and what is not there any more, are none: the cache
// is behind.
func behind(err error) (ctrl.Result, error) {
	if isBehind(err) {
		return ctrl.Result{RequeueAfter: time.Second}, nil
	}
	return ctrl.Result{}, err
}

func (r *reconciler) journalOf(t *v2alpha1.AccessToken) journal {
	return journal{client: r.Client, live: r.live, token: t}
}

// redeem makes sure of the Secret and the Links that a token stands for. The error is for the status.
func (r *reconciler) redeem(ctx context.Context, obj *v2alpha1.AccessToken, site *v2alpha1.Site) error {
	t, err := read(obj)
	if err != nil {
		return err
	}
	j := r.journalOf(obj)
	secret, links, err := j.answer(ctx)
	if err != nil {
		return explain(err)
	}
	if secret == nil {
		res, err := r.exchange(ctx, j, t, string(site.UID))
		if err != nil {
			return explain(err)
		}
		secret, links = res.Secret, res.Links
	}
	return r.store(ctx, site, obj.Namespace, secret, links)
}

// exchange makes one claim. That another is to be made, and when, is decided here and not by the client: the status tells of
// each failure, and no worker is held up by waiting.
func (r *reconciler) exchange(ctx context.Context, j journal, t token.Token, subject string) (redeem.Result, error) {
	once, cancel := context.WithTimeout(ctx, 2*redeem.DefaultTimeout)
	defer cancel()
	var first error
	c := redeem.Client{Pending: j, Progress: func(err error, _ time.Duration) {
		first = err
		cancel()
	}}
	res, err := c.Redeem(once, r.opts.Now(), t, subject, func(_ context.Context, res redeem.Result) error {
		return j.keepAnswer(ctx, res)
	})
	if err != nil && first != nil && ctx.Err() == nil {
		err = first // without the words that it was given up
	}
	return res, err
}

// status says how it went.
func (r *reconciler) status(ctx context.Context, t *v2alpha1.AccessToken, result error) error {
	before := t.DeepCopy()
	if text := messageOf(result); len(text) > maxMessage {
		result = errors.New(clip(text, maxMessage))
	}
	v2alpha1.SetCondition(r.opts.Now(), t, v2alpha1.ConditionRedeemed, result)
	if equality.Semantic.DeepEqual(before.Status, t.Status) {
		return nil
	}
	if err := r.Status().Patch(ctx, t, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return client.IgnoreNotFound(err)
	}
	switch {
	case result == nil:
		r.events.Eventf(t, nil, corev1.EventTypeNormal, "Redeemed", "Redeem", "the token was redeemed for a link")
	case !v2alpha1.IsWaiting(result):
		r.events.Eventf(t, nil, corev1.EventTypeWarning, "NotRedeemed", "Redeem", "%s", messageOf(result))
	}
	return nil
}

// maxMessage is how many octets of a failure are told; an event takes 1024.
const maxMessage = 1000

func clip(text string, most int) string {
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "")
	}
	return text
}

func messageOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
