package op

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/site"
)

// States to wait for.
const (
	WaitReady      = "ready"
	WaitConfigured = "configured"
	WaitNone       = "none"
)

// minTimeout is the shortest time that one may wait.
const minTimeout = time.Second

// settle is how long a condition that was met before a change still may be that of the old generation. A controller that
// has nothing to rewrite leaves it so; after this it counts.
const settle = 3 * time.Second

// quiet is how long a wait may last without a word: most are over by then.
const quiet = 300 * time.Millisecond

// Wait is how long to wait for a change to take effect, and for what.
type Wait struct {
	For     string        // WaitReady, WaitConfigured or WaitNone
	Timeout time.Duration // 1s or more
}

func (w Wait) check(f *faults) {
	f.oneOf("wait", w.For, WaitReady, WaitConfigured, WaitNone)
	f.lasts("timeout", w.Timeout, minTimeout)
}

// condition is the type of the condition to wait for, empty for none.
func (w Wait) condition() string {
	switch w.For {
	case WaitReady:
		return v2alpha1.ConditionReady
	case WaitConfigured:
		return v2alpha1.ConditionConfigured
	}
	return ""
}

// look looks at the store once. It is done, or says what it waits for, or fails for good.
type look func(ctx context.Context) (done bool, waitingFor string, err error)

// goal is what is waited for.
type goal struct {
	what, state string        // "site west", "ready"
	timeout     time.Duration // the longest time to wait
	again       time.Duration // look again after this even if nothing changes; 0: do not
	hint        string        // for when the time is up
	deeper      *deeper       // may have a better one; nil: nobody looks deeper
	kinds       []string      // only their changes matter; none: all do
}

// await looks, and looks again after each change of the store, until it is done, fails for good or the time is up. The last
// is a fault.Late, and says what was waited for; the end of ctx itself is ctx.Err().
func await(ctx context.Context, store site.Store, g goal, say Progress, look look) error {
	within, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	late := func(reason string) error {
		if err := ctx.Err(); err != nil { // the caller's, not ours
			return fmt.Errorf("wait for %s: %w", g.what, err)
		}
		if g.deeper != nil {
			g.hint = orElse(g.deeper.hint, g.hint)
		}
		msg := fmt.Sprintf("%s is not %s after %s", g.what, g.state, Span(g.timeout))
		if reason != "" {
			return fault.Wrap(fault.Late, msg, errors.New(reason), g.hint)
		}
		return fault.New(fault.Late, msg, g.hint)
	}
	events, err := site.Watch(within, store, g.kinds...)
	if err != nil {
		if within.Err() != nil {
			return late("")
		}
		return fmt.Errorf("wait for %s: %w", g.what, err)
	}
	var again <-chan time.Time
	if g.again > 0 {
		again = time.After(g.again)
	}
	said, now := "", ""
	start, slow := time.Now(), time.After(quiet)
	for {
		done, reason, err := look(within)
		if within.Err() != nil && !done { // what a look that was cut short found out counts too
			return late(orElse(reason, now))
		}
		if err != nil || done {
			return err
		}
		now = reason
		if full := g.what + sep(reason); full != said && time.Since(start) >= quiet {
			say.say(full)
			said = full
		}
		select {
		case _, open := <-events:
			if !open && within.Err() == nil {
				return fault.New(fault.Failed, "wait for "+g.what+": the watch ended", g.hint)
			}
		case <-again:
		case <-slow:
		case <-within.Done():
		}
		if within.Err() != nil {
			return late(reason)
		}
	}
}

func sep(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

// awaitCondition waits until a condition of a resource is met. It is over at once when the condition says that something is
// wrong (reason Error) with the resource as it is now.
func awaitCondition(ctx context.Context, p Ports, kind, name string, w Wait, say Progress) (v2alpha1.Object, error) {
	condition := w.condition()
	var last v2alpha1.Object
	if condition == "" {
		return nil, nil
	}
	lower := strings.ToLower(kind)
	started := time.Now()
	what := fmt.Sprintf("%s %s", lower, name)
	g := goal{what, w.For, w.Timeout, settle, "it may still become so: `" + statusOf(kind, name) + "`", newDeeper(p), []string{kind}}
	err := await(ctx, p.Store, g, say, func(ctx context.Context) (bool, string, error) {
		obj, err := p.Store.Get(ctx, kind, name)
		if err != nil {
			return false, "", err
		}
		last = obj
		met, final, message := judge(obj, condition, time.Since(started) >= settle)
		if final {
			return false, "", fault.New(fault.Failed, fmt.Sprintf("%s is not %s: %s", what, w.For, message), remedy(kind, name, message))
		}
		if !met {
			message = g.deeper.reason(ctx, obj, message)
		}
		return met, message, nil
	})
	return last, err
}

// judge says of a condition whether it is met, whether it is wrong for good, and its message. One that is older than the
// resource's generation does not count, unless late: then one that is met does, as a controller that has nothing to rewrite leaves
// it so. What was wrong with the resource before is never wrong for good: the change may have been what it takes.
func judge(obj v2alpha1.Object, condition string, late bool) (met, final bool, message string) {
	c := v2alpha1.StatusOf(obj).Condition(condition)
	if c == nil {
		return false, false, "Not " + condition
	}
	old := c.ObservedGeneration < obj.GetGeneration()
	switch {
	case old && !late:
		return false, false, "not looked at yet"
	case c.Status == metav1.ConditionTrue:
		return true, false, c.Message
	case old:
		return false, false, "not looked at since it was changed, before that: " + c.Message
	}
	return false, c.Reason == string(v2alpha1.StatusError), c.Message
}

// remedy is what to do about what is wrong with a resource for good.
func remedy(kind, name, message string) string {
	if kind == v2alpha1.KindSite && strings.HasPrefix(message, v2alpha1.MessageUnsupportedAccess) {
		return "`site update " + name + " --link-access-type TYPE` with a type that the controller has enabled, or have its administrator enable this one"
	}
	return "`" + statusOf(kind, name) + "`"
}

// statusOf is the command that shows a resource.
func statusOf(kind, name string) string { return Noun(kind) + " status " + name }

// Noun is what commands call a kind.
func Noun(kind string) string {
	switch kind {
	case v2alpha1.KindAccessGrant:
		return "token"
	case v2alpha1.KindMultiKeyListener:
		return "listener"
	}
	return strings.ToLower(kind)
}
