package agent

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant/redeem"
	"github.com/skupper-plugins/suite/shared/token"
)

const (
	redeemTime  = 30 * time.Second // for one try
	redeemGrace = 2 * time.Second  // from the end of the agent
	redeemPause = 10 * time.Second // before the second try; then twice as long each time
	redeemLong  = 5 * time.Minute  // between tries, at most

	resumeAge = 10 * time.Second // of what a redemption by a command left that is not stored: it has been killed
)

// tokens redeems the AccessTokens that lie in a namespace's input, one after the other, beside the passes: a server that
// does not answer must not keep the namespace from being looked after.
type tokens struct {
	running sync.WaitGroup

	mu      sync.Mutex
	busy    bool
	objs    []*v2alpha1.AccessToken // of the last pass
	results map[string]*result      // by UID
}

// result is what came of redeeming a token.
type result struct {
	generation int64
	err        error
	final      bool // there is no use in trying again
	wait       time.Duration
	again      time.Time
	at         time.Time
}

// start takes over the tokens of a pass and redeems the first that is due. It pokes the namespace when it has a result.
func (t *tokens) start(ctx context.Context, n *namespace, others []v2alpha1.Object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.objs = nil
	age := resumeAge
	if t.results == nil { // whoever began before this agent began is done, or gone
		t.results, age = map[string]*result{}, 0
	}
	if err := n.redeemer.Resume(ctx, age); err != nil {
		n.log.Warn().Err(err).Msg("redemption.unfinished")
	}
	now := n.agent.opts.Now()
	for _, o := range others {
		obj, ok := o.(*v2alpha1.AccessToken)
		if !ok || obj.Status.Redeemed {
			continue
		}
		t.objs = append(t.objs, obj)
		r := t.results[string(obj.UID)]
		due := r == nil || r.generation != obj.Generation || !r.final && !now.Before(r.again)
		if t.busy || !due {
			continue
		}
		t.busy = true
		t.running.Go(func() { t.redeem(n.life, n, obj) })
	}
}

// rest forgets the tokens of the last pass until start is called again: their statuses stay as they are.
func (t *tokens) rest() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.objs = nil
}

// redeem redeems one token. When life ends it goes on for a moment: what was sent should be answered.
func (t *tokens) redeem(life context.Context, n *namespace, obj *v2alpha1.AccessToken) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(life), redeemTime)
	defer cancel()
	defer context.AfterFunc(life, func() { time.AfterFunc(redeemGrace, cancel) })()
	tok, err := token.Of(obj)
	final := err != nil
	var links []string
	if err == nil {
		r := n.redeemer
		r.Wanted = func(ctx context.Context) bool {
			now, err := n.store.Get(ctx, v2alpha1.KindAccessToken, obj.Name)
			return err != nil && !fault.Is(err, fault.Missing) || err == nil && now.GetUID() == obj.UID
		}
		links, err = r.Redeem(ctx, tok)
		var f *redeem.Failure
		final = err == nil || errors.As(err, &f) && f.Final
	}
	now := n.agent.opts.Now()
	n.log.Info().Str("token", obj.Name).Strs("links", links).AnErr("err", err).Msg("token.redeemed")
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy = false
	r := &result{generation: obj.Generation, err: err, final: final, at: now, wait: redeemPause}
	if old := t.results[string(obj.UID)]; old != nil && old.generation == obj.Generation {
		r.wait = min(2*old.wait, redeemLong)
	}
	r.again = now.Add(r.wait)
	t.results[string(obj.UID)] = r
	n.poke()
}

// statuses are the tokens with what came of them, and when the next try is due.
func (t *tokens) statuses() (out []v2alpha1.Object, due time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, obj := range t.objs {
		r := t.results[string(obj.UID)]
		if r == nil || r.generation != obj.Generation {
			continue
		}
		obj = obj.DeepCopy()
		v2alpha1.SetCondition(r.at, obj, v2alpha1.ConditionRedeemed, r.err)
		obj.Status.Redeemed = r.err == nil
		out = append(out, obj)
		if !r.final {
			due = earliest(due, r.again)
		}
	}
	return out, due
}

// wait returns when nothing is being redeemed any more.
func (t *tokens) wait() { t.running.Wait() }
