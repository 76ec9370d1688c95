package namespace

import (
	"encoding/json"
	"fmt"
	"time"

	"go.uber.org/multierr"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/workload"
	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// judge finds what is wrong with the sites that their specs do not show: a router's configuration that is somebody else's, and a
// size that there is not.
func (w *world) judge() {
	w.foreign, w.resources.Faults = map[string]error{}, map[string]error{}
	for _, s := range w.resources.Sites {
		uid := string(s.UID)
		w.foreign[uid] = w.owned(s)
		w.resources.Faults[uid] = multierr.Append(w.foreign[uid], w.sized(s))
	}
}

// owned makes sure that the routers' configurations are not somebody else's. One of a site that is gone is taken over, and so is one
// that was made for this very site and whose owner somebody took away.
func (w *world) owned(s *v2alpha1.Site) error {
	uid := string(s.UID)
	groups := []string{names.Router}
	if s.Spec.HA {
		groups = append(groups, names.SecondRouter)
	}
	for _, g := range groups {
		if cm := w.configs[g]; cm != nil && siteOwner(cm) == "" && !madeFor(cm, uid) {
			return fmt.Errorf("%s is not owned by skupper site %q", cm.Name, s.UID)
		}
	}
	return nil
}

// madeFor reports whether a configuration is that of a router of a site, by what the router tells others of it.
func madeFor(cm *corev1.ConfigMap, site string) bool {
	if _, ours := cm.Labels[names.RouterConfig]; !ours {
		return false
	}
	cfg, err := config.Parse([]byte(cm.Data[names.ConfigKey]))
	var of struct{ ID string }
	return err == nil && json.Unmarshal([]byte(cfg.Router.Metadata), &of) == nil && of.ID == site
}

// sized finds a size that was asked for by name and that there is not, or that is wrong. One that is wrong and was not asked for
// is worth a remark.
func (w *world) sized(s *v2alpha1.Site) error {
	name := s.Spec.Settings[v2alpha1.SettingSize]
	_, err := workload.Size(w.sizings, name)
	switch {
	case err == nil:
		return nil
	case name == "":
		w.observed.Remarks = append(w.observed.Remarks, "the default size is not right: "+err.Error())
		return nil
	}
	return fmt.Errorf("settings.%s: %w", v2alpha1.SettingSize, err)
}

// remark notes what is wrong beside a router that runs: pods that are to replace it, or to run beside it, and cannot start.
func (w *world) remark() {
	if !w.observed.Running {
		if w.observed.NotReady == "" {
			w.observed.NotReady = unmade(w.deployments)
		}
		return
	}
	var first *corev1.Pod // by name, as they are in no order; one tells enough: the others most likely have the same trouble
	for _, p := range w.pods {
		if isRouter(p) && p.DeletionTimestamp == nil && blocked(p) != "" && (first == nil || p.Name < first.Name) {
			first = p
		}
	}
	if first != nil {
		w.observed.Remarks = append(w.observed.Remarks, fmt.Sprintf("a router pod is ready, but pod %s does not start: %s", first.Name, blocked(first)))
	}
	if why := unmade(w.deployments); why != "" {
		w.observed.Remarks = append(w.observed.Remarks, "a router pod is ready, but another cannot be made: "+why)
	}
}

// newAuthority is how long a site tells that it has another authority than before. It does not know of all that have to know.
const newAuthority = 7 * 24 * time.Hour

// remarkAuthority tells that nothing that the site's authority has signed before is accepted any more.
func (w *world) remarkAuthority() {
	for _, s := range w.resources.Sites {
		c := w.certificates[s.Issuer()]
		if c == nil {
			continue
		}
		at, err := time.Parse(time.RFC3339, c.Annotations[names.AuthorityReplaced])
		left := at.Add(newAuthority).Sub(w.observed.Now)
		if err != nil || left <= 0 {
			continue
		}
		w.again = min(left, newAuthority) + time.Second // then there is nothing to say any more, and nothing else may wake it
		w.observed.Remarks = append(w.observed.Remarks, fmt.Sprintf("the authority %s was replaced at %s: sites that were linked to this one before must redeem a new token (here: token issue FILE, there: token redeem FILE)",
			c.Name, c.Annotations[names.AuthorityReplaced]))
		return
	}
}

// unmade says why the pod of a router cannot even be created, as when a quota is used up; it is empty if that is not so.
func unmade(deployments map[string]*appsv1.Deployment) string {
	for _, name := range []string{names.Router, names.SecondRouter} {
		d := deployments[name]
		for i := range conditions(d) {
			if c := &d.Status.Conditions[i]; c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
				return clip(c.Message)
			}
		}
	}
	return ""
}

func conditions(d *appsv1.Deployment) []appsv1.DeploymentCondition {
	if d == nil {
		return nil
	}
	return d.Status.Conditions
}

// tell logs what there is to say of a namespace once, and once that there is nothing any more.
func (r *reconciler) tell(ns, what string) {
	r.mu.Lock()
	before := r.told[ns]
	if what == "" {
		delete(r.told, ns)
	} else {
		r.told[ns] = what
	}
	r.mu.Unlock()
	switch {
	case what == before:
	case what == "":
		r.Log.Info().Str("namespace", ns).Msg("network.readable")
	default:
		r.Log.Warn().Str("namespace", ns).Str("reason", what).Msg("network.unreadable")
	}
}
