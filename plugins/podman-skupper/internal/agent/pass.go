package agent

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/keys"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/supervise"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
)

// stoppedByUser is why the router of a site that was stopped does not run.
const stoppedByUser = "stopped by the user"

// passTime bounds one pass: what hangs must not keep the namespace from being looked after for ever.
const passTime = 90 * time.Second

// bindTime is how long a namespace that has no site stays bound to a platform: for a site that is about to be made.
const bindTime = 30 * time.Second

// lookAgain is when a port that somebody else has is looked at again.
const lookAgain = 5 * time.Second

// pass brings the namespace from what it is to what is wanted, as far as it can.
func (n *namespace) pass(ctx context.Context) (rep Report) {
	ctx, cancel := context.WithTimeout(ctx, passTime)
	defer cancel()
	in, err := n.store.Identify(ctx)
	if in == nil { // nothing can be said about what is wanted: all stays as it is
		rep.fail(err)
		return rep
	}
	rep.fail(err)
	n.tellFaults(in, &rep)
	st, err := readState(n.dir.State())
	if err != nil {
		rep.fail(err)
		return rep
	}
	if !exists(n.dir.State()) {
		st.adopt(n.dir.RouterConfig())
	}
	rep.Stopped = exists(n.dir.Stopped())
	before := maps.Clone(st.Ports)
	n.avoid = nil
	for try := range portTries {
		if err = n.attempt(ctx, in, &st, &rep, try == 0 && !n.asked); err == nil {
			break
		}
		if errors.Is(err, errTouched) {
			return rep // it is due again
		}
		if exists(n.dir.RouterPID()) {
			lost, failed := n.unsettle(ctx, &st, before)
			if err = multierr.Append(err, failed); !lost || failed != nil {
				break
			}
			n.runtime.Retry()
			continue
		}
		if !fault.Is(err, fault.Conflict) {
			break
		}
		n.contended(st.Ports, nil)
		n.runtime.Retry() // somebody was faster with a port; as no router ever had it, the next plan chooses another
	}
	rep.fail(err)
	return rep
}

// errTouched ends a pass in the course of which another tool began to make the namespace anew.
var errTouched = errors.New("another tool makes the namespace anew")

// attempt plans and does what is planned; wary: unless another tool is about to do that too.
func (n *namespace) attempt(ctx context.Context, in *filestore.Input, st *state, rep *Report, wary bool) error {
	w, err := n.world(ctx, in, *st)
	if err != nil {
		return err
	}
	if wary && n.vanishing() { // looking around takes a while
		return errTouched
	}
	if n.agent.homeless() {
		return fault.New(fault.Missing, "the home of the agent was removed", "")
	}
	for _, unfit := range w.unfit {
		if !slices.Contains(rep.Broken, unfit) { // an attempt before this has found it too
			rep.Faults, rep.Broken = append(rep.Faults, unfit), append(rep.Broken, unfit)
		}
	}
	d, err := n.prepare(ctx, w, st)
	if err != nil {
		return err
	}
	if d.Site == nil {
		return n.tearDown(ctx, in, d)
	}
	rep.Site = d.Site.Name
	n.wanted.Store(!rep.Stopped)
	return n.apply(ctx, w, d, in, rep)
}

// world is what a plan is made from.
type world struct {
	res site.Resources
	obs site.Observed
	due time.Time // when the first certificate is due

	unfit []string // what is wrong with key pairs that the user brought
}

// world gathers everything that Plan needs.
func (n *namespace) world(ctx context.Context, in *filestore.Input, st state) (*world, error) {
	obs, err := n.runtime.Observe(ctx)
	if err != nil {
		return nil, err
	}
	if exists(n.dir.RouterPID()) || st.adopted { // else no router ever had these ports: one that is taken meanwhile is chosen anew
		obs.Ports = st.Ports
	}
	n.addNetwork(&obs)
	m := lookAround()
	platform, certs, proxies, err := n.place()
	if err != nil {
		return nil, err
	}
	res := site.Resources{
		Namespace: n.name, Platform: platform, Version: n.agent.opts.Version,
		RouterSuffix: st.RouterSuffix, Ordinals: st.Ordinals, Hostname: m.hostname, Addresses: m.addresses,
		CertDir: certs, ProxyDir: proxies,
		TakenPorts: slices.Concat(supervise.BusyPorts(), n.avoid), // and those of other sites: see choose
	}
	for _, o := range in.Objects {
		res.Add(o)
	}
	for _, s := range res.Sites { // the one that was first stays the active one
		if s.Status.IsTrue(v2alpha1.ConditionConfigured) {
			res.ActiveSite = string(s.UID)
			break
		}
	}
	given, faults := keys.ReadAll(n.dir.InputCerts())
	issuers, more := keys.ReadAll(n.dir.InputIssuers())
	for name, p := range issuers {
		given[name] = p
	}
	res.Given = given
	var unfit []string
	for _, err := range append(faults, more...) {
		n.log.Warn().Err(err).Msg("input.keys")
		unfit = append(unfit, err.Error())
	}
	res.Certs, _ = keys.ReadAll(n.dir.RuntimeCerts()) // what does not fit is made anew
	made, _ := keys.ReadAll(n.dir.RuntimeIssuers())
	for name, p := range made {
		res.Certs[name] = p
	}
	return &world{res: res, obs: obs, unfit: unfit}, nil
}

// prepare plans, makes the certificates, and remembers what has to stay. It touches nothing that runs.
func (n *namespace) prepare(ctx context.Context, w *world, st *state) (site.Desired, error) {
	d, err := n.choose(w, st)
	if err != nil || d.Site == nil {
		return d, err
	}
	w.obs.Ports = st.Ports
	ring := keys.Ring{Issuers: n.dir.RuntimeIssuers(), Certs: n.dir.RuntimeCerts(), Now: w.obs.Now}
	pairs, replaced, due, err := ring.Ensure(d.Certificates)
	if err != nil {
		return d, err
	}
	w.due = due
	if len(replaced) > 0 { // the router takes files that were replaced only when their ordinal grows
		n.log.Info().Strs("names", replaced).Msg("certificates.replaced")
		st.Ordinals = grown(st.Ordinals, replaced)
		if err := st.write(n.dir.State()); err != nil {
			return d, err
		}
		w.res.Ordinals = st.Ordinals
	}
	if !reflect.DeepEqual(w.res.Certs, pairs) || len(replaced) > 0 {
		w.res.Certs = pairs
		if d, err = site.Plan(w.res, w.obs); err != nil {
			return d, err
		}
	}
	return d, n.writeFiles(ctx, d, pairs)
}

// choose plans, and writes down the ports of the plan before anything is started with it: a crash must not give the site other ones the
// next time. One namespace does so at a time: sites made at the same moment would choose alike, and no router ends in its container for a
// port that was free when it was chosen.
func (n *namespace) choose(w *world, st *state) (site.Desired, error) {
	n.agent.choosing.Lock()
	defer n.agent.choosing.Unlock()
	w.res.TakenPorts = append(w.res.TakenPorts, n.agent.portsOfOthers(n.name)...)
	d, err := site.Plan(w.res, w.obs)
	if err != nil || d.Site == nil {
		return d, err
	}
	st.Ports = d.Ports
	return d, st.write(n.dir.State())
}

func grown(old map[string]int, names []string) map[string]int {
	out := make(map[string]int, len(old)+len(names))
	for k, v := range old {
		out[k] = v
	}
	for _, name := range names {
		out[name]++
	}
	return out
}

// apply makes the router what it is to be, and says how everything is.
func (n *namespace) apply(ctx context.Context, w *world, d site.Desired, in *filestore.Input, rep *Report) error {
	var failed error
	if rep.Stopped {
		failed = n.runtime.Stop(ctx)
	} else {
		failed = n.runtime.Start(ctx, d)
	}
	obs, err := n.runtime.Observe(ctx)
	if err != nil {
		return fault.Join(failed, err) // an engine that is gone says so to both
	}
	obs.Ports = w.obs.Ports
	switch {
	case rep.Stopped:
		obs.NotReady = stoppedByUser
	case failed != nil && !obs.Running:
		obs.NotReady = failed.Error()
	}
	n.addNetwork(&obs)
	failed = multierr.Append(failed, n.showNetwork(n.seen(obs), rep.Stopped, obs.Now))
	n.last = obs
	final, err := site.Plan(w.res, obs)
	if err != nil {
		return multierr.Append(failed, err)
	}
	rep.WaitingFor = final.WaitingFor
	if rep.Stopped {
		n.tokens.rest() // whoever stopped it may have another tool go on
	} else {
		n.tokens.start(ctx, n, w.res.Others)
	}
	extra, due := n.tokens.statuses()
	granted, again := n.agent.grants.see(ctx, n, final, w.res, obs.Now)
	extra = append(extra, granted...)
	n.due = earliest(earliest(earliest(w.due, due), again), n.fades())
	if failed != nil || n.runtime.Unkept() != nil {
		n.due = earliest(n.due, obs.Now.Add(lookAgain))
	}
	if n.judge(final, in, obs, n.runtime.State(ctx).PID) {
		n.due = earliest(n.due, obs.Now.Add(lookAgain))
	}
	var made []v2alpha1.Object
	for _, ra := range final.RouterAccesses {
		made = append(made, ra)
	}
	faults := multierr.Append(failed, n.store.SaveStatuses(ctx, append(final.Statuses, extra...), made))
	return multierr.Append(faults, n.store.TakeSnapshot(ctx))
}

// earliest is the first of two times, of which zero is never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// tellFaults reports what is wrong with input files, in the log once.
func (n *namespace) tellFaults(in *filestore.Input, rep *Report) {
	for _, f := range in.Faults {
		rep.Faults = append(rep.Faults, f.Error())
		if !f.Remark || f.Unknown {
			rep.Broken = append(rep.Broken, f.Error())
		}
	}
	now := strings.Join(rep.Faults, "\n")
	if now == n.faults {
		return
	}
	n.faults = now
	for _, f := range in.Faults {
		e := n.log.Warn()
		if f.Remark && !f.Unknown {
			e = n.log.Info()
		}
		e.Str("file", f.Path).Int("line", f.Line).Str("why", f.Why).Bool("kept", f.Kept).Msg("input.fault")
	}
}

// tearDown ends what there is of a site that is gone. Authorities stay, so that a site made anew is trusted by those
// that have links to it, and so does what the user put into input.
func (n *namespace) tearDown(ctx context.Context, in *filestore.Input, d site.Desired) error {
	n.wanted.Store(false)
	n.due = time.Time{}
	n.agent.ports.keep(n.name, nil)
	n.agent.grants.forget(ctx, n)
	there := exists(n.dir.RouterConfig()) || n.runtime.State(ctx).Running
	if bound, err := os.Stat(n.dir.Platform()); err == nil && !there {
		// Somebody is about to make a site, or was ended before that, or took it away before it was seen here.
		if n.due = bound.ModTime().Add(bindTime); !n.agent.opts.Now().Before(n.due) {
			there, n.due = true, time.Time{}
		}
	}
	if there {
		if err := n.runtime.Remove(ctx); err != nil {
			n.due = n.agent.opts.Now().Add(lookAgain)
			return err
		}
		n.log.Info().Msg("site.removed")
	}
	n.last = site.Observed{}
	n.network.Store(nil)
	faults := n.saveNetwork(nil)
	gone := []string{n.dir.RouterConfig(), n.dir.RouterPID(), n.dir.Stopped(), n.dir.State()}
	if there { // else somebody has just said where a site is to be that is not here yet
		gone = append(gone, n.dir.Platform(), n.dir.Container(), n.dir.RouterProgram())
	}
	for _, path := range gone {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			faults = multierr.Append(faults, fault.Wrap(fault.Failed, "remove what is left of the site", err, ""))
		}
	}
	for _, dir := range []string{n.dir.RuntimeCerts(), n.dir.RuntimeProxies(), n.dir.RuntimeLinks()} {
		faults = multierr.Append(faults, keys.Prune(dir, nil))
	}
	faults = multierr.Append(faults, removeFiles(n.dir.RuntimeLinks(), nil))
	n.tokens.start(ctx, n, nil)
	faults = multierr.Append(faults, n.store.SaveStatuses(ctx, d.Statuses, nil))
	if len(in.Objects) == 0 {
		faults = multierr.Append(faults, removeFiles(n.dir.Snapshot(), nil))
		_ = os.Remove(n.dir.RuntimeResources()) // if it is empty: for other tools there is a site where it is
		return faults
	}
	return multierr.Append(faults, n.store.TakeSnapshot(ctx))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
