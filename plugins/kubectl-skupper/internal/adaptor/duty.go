package adaptor

import (
	"context"
	"fmt"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/router/announce"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/network"
)

// platform is what a site in a cluster runs on.
const platform = "kubernetes"

// duty speaks for the site until ctx ends.
func (l *leader) duty(ctx context.Context) {
	site, owner := l.identify(ctx)
	if ctx.Err() != nil {
		return
	}
	if err := l.own(ctx, owner); err != nil {
		l.Log.Warn().Err(err).Msg("leader.lease") // it would be left when the site goes, no more
	}
	log := l.Log.With().Str("part", "network").Logger()
	router := func(context.Context) (manage.Options, error) { //nolint:unparam // others may have no address yet
		return manage.Options{URL: l.Router}, nil
	}
	p := newPublisher(l.api.core.ConfigMaps(l.Namespace), owner, site.ID, log)
	p.may, p.counts = l.holds, l.counts
	pods := newPodList()
	var parts sync.WaitGroup
	parts.Go(func() { p.run(ctx) })
	parts.Go(func() { follow(ctx, log, l.api.pods(l.Namespace), pods.table) })
	parts.Go(func() { pods.run(ctx) })
	parts.Go(func() { announce.Run(ctx, announce.Options{Site: site, Processes: pods.out, Router: router, Log: log}) })
	why := &reasons{site: site.ID, publish: p.take}
	parts.Go(func() { why.run(ctx, l.Router) })
	own := func() network.Own { return network.Own{SiteID: site.ID, Router: pods.routers(l.Identity)} }
	network.Collect(ctx, network.Options{Router: router, Publish: why.take, Own: own, Log: log})
	parts.Wait()
}

// own has the lease go with the owner: what elects makes it without one.
func (l *leader) own(ctx context.Context, owner metav1.OwnerReference) error {
	leases := l.api.leases.Leases(l.Namespace)
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error { // it is renewed all the time
		lease, err := leases.Get(ctx, names.SiteLeader, metav1.GetOptions{})
		if err != nil || equality.Semantic.DeepEqual(lease.OwnerReferences, []metav1.OwnerReference{owner}) {
			return err
		}
		lease.OwnerReferences = []metav1.OwnerReference{owner}
		_, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
		return err
	})
}

// identify finds out which site this is: the Deployment of the router belongs to it.
func (l *leader) identify(ctx context.Context) (announce.Site, metav1.OwnerReference) {
	told := ""
	for {
		d, err := l.api.apps.Deployments(l.Namespace).Get(ctx, l.Deployment, metav1.GetOptions{})
		if err == nil {
			var site announce.Site
			if site, err = l.siteOf(d); err == nil {
				return site, l.owner(ctx, d)
			}
		}
		if ctx.Err() != nil {
			return announce.Site{}, metav1.OwnerReference{}
		}
		if err != nil && err.Error() != told {
			told = err.Error()
			l.Log.Warn().Err(err).Msg("leader.deployment")
		}
		pause(ctx, time.Second)
	}
}

// owner is what the network status and the lease go with: the site's first router, if it has one, whoever is the leader. They
// must outlive the second one, which a site may give up while it goes on.
func (l *leader) owner(ctx context.Context, own *appsv1.Deployment) metav1.OwnerReference {
	of := own
	if own.Name == names.SecondRouter {
		first, err := l.api.apps.Deployments(l.Namespace).Get(ctx, names.Router, metav1.GetOptions{})
		if err == nil && first.DeletionTimestamp == nil && sameSite(first, own) {
			of = first
		}
	}
	return metav1.OwnerReference{APIVersion: appsv1.SchemeGroupVersion.String(), Kind: "Deployment", Name: of.Name, UID: of.UID}
}

func sameSite(a, b *appsv1.Deployment) bool {
	return len(a.OwnerReferences) > 0 && len(b.OwnerReferences) > 0 && a.OwnerReferences[0].UID == b.OwnerReferences[0].UID
}

func (l *leader) siteOf(d *appsv1.Deployment) (announce.Site, error) {
	site := announce.Site{
		ID: l.SiteID, Name: l.SiteName, Namespace: l.Namespace, Platform: platform, Provider: platform, Version: l.Version, Started: d.CreationTimestamp.Time,
	}
	if len(d.OwnerReferences) > 0 {
		site.ID, site.Name = string(d.OwnerReferences[0].UID), d.OwnerReferences[0].Name
	}
	if site.ID == "" {
		return site, fmt.Errorf("deployment %s has no owner and SKUPPER_SITE_ID is empty: the site is not known", d.Name)
	}
	return site, nil
}
