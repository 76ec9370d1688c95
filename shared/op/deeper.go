package op

import (
	"context"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// deeper looks further where a resource does not say why it is not as wanted. It starts when nothing has been said of that for a
// while: most waits are over by then.
type deeper struct {
	insight Insight // may be nil
	started time.Time
	hint    string // what to try, as far as the last look found out
}

func newDeeper(p Ports) *deeper { return &deeper{insight: p.Insight, started: time.Now()} }

// reason is what lies behind the message of a resource, or the message.
func (d *deeper) reason(ctx context.Context, obj v2alpha1.Object, message string) string {
	if d.hint = ""; d.insight == nil || time.Since(d.started) < settle {
		return message
	}
	why := ""
	switch kind := v2alpha1.KindOf(obj); {
	case unattended(obj):
		why, d.hint = d.insight.Idle(ctx)
	case v2alpha1.StatusOf(obj).Message == v2alpha1.MessagePending && (kind == v2alpha1.KindSite || kind == v2alpha1.KindRouterAccess):
		why, d.hint = d.insight.Closed(ctx)
	}
	return orElse(why, message)
}

// unattended tells that nobody has looked at a resource as it is now.
func unattended(obj v2alpha1.Object) bool {
	for _, c := range v2alpha1.StatusOf(obj).Conditions {
		if c.ObservedGeneration >= obj.GetGeneration() {
			return false
		}
	}
	return true
}
