package op

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// insight knows why nothing happens.
type insight struct{}

func (insight) Idle(context.Context) (why, hint string) { return "no controller", "get one" }
func (insight) Closed(context.Context) (why, hint string) {
	return "no load balancer", "get another way"
}

// TestWaitSaysWhatIsBehind is about waits that would last for ever: of resources that nobody looks at, and of an address that nobody gives.
func TestWaitSaysWhatIsBehind(t *testing.T) {
	nobody := func(v2alpha1.Object) {}
	pending := func(o v2alpha1.Object) {
		if s, ok := o.(*v2alpha1.Site); ok {
			v2alpha1.SetCondition(time.Now(), s, v2alpha1.ConditionConfigured, nil)
			v2alpha1.SetCondition(time.Now(), s, v2alpha1.ConditionRunning, nil)
			v2alpha1.SetCondition(time.Now(), s, v2alpha1.ConditionResolved, v2alpha1.Waiting(v2alpha1.MessagePending))
		}
	}
	site := CreateSite{Name: "west", LinkAccess: true, Wait: Wait{WaitReady, time.Minute}}
	for _, tc := range []struct {
		name       string
		controller func(v2alpha1.Object)
		run        func(ctx context.Context, p Ports, say Progress) error
		text, hint string
	}{
		{"site-nobody", nobody, func(ctx context.Context, p Ports, say Progress) error {
			_, err := site.Run(ctx, p, say)
			return err
		}, "site west is not ready after 1m: no controller", "get one"},
		{"site-closed", pending, func(ctx context.Context, p Ports, say Progress) error {
			_, err := site.Run(ctx, p, say)
			return err
		}, "site west is not ready after 1m: no load balancer", "get another way"},
		{"token-closed", pending, func(ctx context.Context, p Ports, say Progress) error {
			if err := p.Store.Create(ctx, site.Object()); err != nil {
				return err
			}
			_, err := IssueToken{Redemptions: 1, Window: time.Hour, Timeout: time.Minute}.Run(ctx, p, &strings.Builder{}, say)
			return err
		}, "site west is not reachable by other sites after 1m: it has no address for links yet: no load balancer", "get another way"},
		{"redeem-nobody", nobody, func(ctx context.Context, p Ports, say Progress) error {
			if err := p.Store.Create(ctx, west()); err != nil {
				return err
			}
			_, err := RedeemToken{Token: aToken(t), Timeout: time.Minute, Now: time.Now()}.Run(ctx, p, say)
			return err
		}, "token west-1 is not redeemed after 1m: no controller", "get one"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.controller, m.delay = tc.controller, time.Second
				var said []string
				err := tc.run(t.Context(), Ports{Store: m, Insight: insight{}}, func(what string) { said = append(said, what) })
				wantKind(t, err, fault.Late, tc.text)
				if fault.Hint(err) != tc.hint {
					t.Errorf("hint %q, want %q", fault.Hint(err), tc.hint)
				}
				if last := said[len(said)-1]; !strings.HasSuffix(tc.text, last[strings.LastIndex(last, ": ")+2:]) {
					t.Errorf("it says %q", said)
				}
			})
		})
	}
}

func TestUnsupportedAccessSaysWhatToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.controller = failing(v2alpha1.ConditionConfigured, v2alpha1.MessageUnsupportedAccess+"nodeport")
		_, err := CreateSite{Name: "west", LinkAccess: true, AccessType: "nodeport", AccessTypes: []string{"nodeport"}, Wait: Wait{WaitConfigured, time.Minute}}.Run(t.Context(), Ports{Store: m}, nil)
		wantKind(t, err, fault.Failed, "Unsupported value for LinkAccess: nodeport")
		if !strings.Contains(fault.Hint(err), "`site update west --link-access-type TYPE`") {
			t.Errorf("hint %q", fault.Hint(err))
		}
	})
}

func TestWorkloadKind(t *testing.T) {
	for word, want := range map[string]string{"deployment": "deployment", "Deploy": "deployment", "deployments.apps": "deployment", "svc": "service", "services": "service",
		"ds": "daemonset", "sts": "statefulset", "statefulset.apps": "statefulset", "cronjob": "cronjob", "s": ""} {
		if got := workloadKind(word); got != want {
			t.Errorf("%s is %q, want %q", word, got, want)
		}
	}
}
