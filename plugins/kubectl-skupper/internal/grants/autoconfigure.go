package grants

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/certificates"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// exposure exposes the grant server, and asks for its certificate, by resources like those of any site. The leader does so.
type exposure struct {
	client.Client
	live    client.Reader // not the cache, which need not have what is read here once
	opts    Options
	address *address
}

// retryExposure is until a pod that was not found is looked for again.
const retryExposure = 10 * time.Second

func addAutoconfigure(mgr ctrl.Manager, o Options, where *address) error {
	e := &exposure{mgr.GetClient(), mgr.GetAPIReader(), o, where}
	first := make(chan event.GenericEvent, 1)
	first <- event.GenericEvent{Object: &v2alpha1.SecuredAccess{}} // there may be nothing to wake it
	err := ctrl.NewControllerManagedBy(mgr).Named("grant-server-exposure").
		Watches(&v2alpha1.SecuredAccess{}, always(o), only(o.Own, names.GrantServer)).
		Watches(&v2alpha1.Certificate{}, always(o), only(o.Own, names.GrantServerCA)).
		WatchesRawSource(source.Channel(first, always(o))).
		Complete(e)
	if err != nil {
		return fmt.Errorf("register the reconciler that exposes the grant server: %w", err)
	}
	return nil
}

// Reconcile makes sure of the authority and of the SecuredAccess.
func (e *exposure) Reconcile(ctx context.Context, _ ctrl.Request) (ctrl.Result, error) {
	selector, owners, err := e.self(ctx)
	if err != nil {
		return e.failed(err)
	}
	own := e.opts.Config.Credentials == names.GrantServer // else somebody else makes them
	if own {
		if err := certificates.Ensure(ctx, e.Client, certificates.Want{Namespace: e.opts.Own, Name: names.GrantServerCA,
			Subject: "SkupperGrantServerCA", Signing: true, Owners: owners}); err != nil {
			return e.failed(err)
		}
	}
	want := &v2alpha1.SecuredAccess{ObjectMeta: metav1.ObjectMeta{Namespace: e.opts.Own, Name: names.GrantServer}}
	var old v2alpha1.SecuredAccess
	err = e.Get(ctx, client.ObjectKeyFromObject(want), &old)
	if err == nil {
		want = old.DeepCopy()
	} else if !apierrors.IsNotFound(err) {
		return ctrl.Result{}, err
	}
	if want.Annotations == nil {
		want.Annotations = map[string]string{}
	}
	want.Annotations[names.Controlled] = "true"
	want.OwnerReferences = owners
	// Access type and settings are left to who may want others than the default.
	want.Spec.Selector = selector
	want.Spec.Ports = []v2alpha1.SecuredAccessPort{{Name: "https", Port: e.opts.Config.Port}}
	want.Spec.Issuer, want.Spec.Certificate = "", ""
	if own {
		want.Spec.Issuer, want.Spec.Certificate = names.GrantServerCA, names.GrantServer
	}
	switch {
	case old.UID == "":
		err = e.Create(ctx, want)
	case !equality.Semantic.DeepEqual(&old, want):
		err = e.Update(ctx, want)
	default:
		err = nil
	}
	return e.failed(err)
}

// failed is the end of a pass that may have had an error.
func (e *exposure) failed(err error) (ctrl.Result, error) {
	switch {
	case err == nil:
		return ctrl.Result{}, nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err): // the cache is behind
		return ctrl.Result{RequeueAfter: time.Second}, nil
	}
	e.opts.Log.Error().Err(err).Msg("grant-server.exposure")
	if base, ca, _ := e.address.get(); base == "" { // else it was exposed before, and still is
		e.address.set("", ca, "the grant server cannot be exposed: "+err.Error())
	}
	return ctrl.Result{RequeueAfter: retryExposure}, nil
}

// perPod are labels that differ between the pods of a Deployment, or StatefulSet, or between their revisions.
var perPod = []string{"pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"}

// self finds what selects the pods of this controller, and who owns what is made for them: the Deployment, since each new
// version of it has another ReplicaSet, and the authority must outlive that.
func (e *exposure) self(ctx context.Context) (selector map[string]string, owners []metav1.OwnerReference, err error) {
	var pod corev1.Pod
	if err := e.live.Get(ctx, client.ObjectKey{Namespace: e.opts.Own, Name: e.opts.Config.PodName}, &pod); err != nil {
		return nil, nil, fmt.Errorf("find the pod of this controller: %w", err)
	}
	selector = maps.Clone(pod.Labels)
	for _, label := range perPod {
		delete(selector, label)
	}
	if len(selector) == 0 {
		return nil, nil, fmt.Errorf("pod %s has no labels by which a Service could find it", pod.Name)
	}
	for _, ref := range pod.OwnerReferences {
		if dash := strings.LastIndexByte(ref.Name, '-'); ref.Kind == "ReplicaSet" && dash > 0 {
			var d appsv1.Deployment
			if err := e.live.Get(ctx, client.ObjectKey{Namespace: e.opts.Own, Name: ref.Name[:dash]}, &d); err == nil {
				ref = metav1.OwnerReference{APIVersion: "apps/v1", Kind: "Deployment", Name: d.Name, UID: d.UID}
			}
		}
		ref.Controller, ref.BlockOwnerDeletion = nil, nil
		owners = append(owners, ref)
	}
	return selector, owners, nil
}
