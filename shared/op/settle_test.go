package op

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// What is deleted is in effect when the verb returns, unless the user does not want to wait.
func TestDeleteWaitsUntilItIsInEffect(t *testing.T) {
	takes := func(d time.Duration, err error) func(context.Context) error {
		return func(ctx context.Context) error {
			select {
			case <-time.After(d):
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	for _, tc := range []struct {
		name    string
		settle  func(context.Context) error
		gone    Gone
		stopped bool
		took    time.Duration
		kind    fault.Kind
		text    string
		said    string
	}{
		{"at-once", takes(0, nil), soon(), false, 0, 0, "", ""},
		{"slow", takes(5*time.Second, nil), soon(), false, 5 * time.Second, 0, "", "the change to take effect"},
		{"too-slow", takes(time.Hour, nil), soon(), false, 10 * time.Second, fault.Late, "the change is stored, but not in effect after 10s", "the change to take effect"},
		{"not-waited-for", takes(time.Hour, nil), Gone{Timeout: time.Minute}, false, 0, 0, "", ""},
		{"refused", takes(time.Second, fault.New(fault.Conflict, "port 5 is taken", "")), soon(), false, time.Second, fault.Conflict, "the change is stored, but not in effect: port 5 is taken", "the change to take effect"},
		{"stopped", takes(0, nil), soon(), true, 0, 0, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, sys := newMemory(west(), &v2alpha1.Listener{ObjectMeta: named("l")}), &fakeSystem{settle: tc.settle, stopped: tc.stopped}
				var said words
				start := time.Now()
				_, err := DeleteListener{Name: "l", Gone: tc.gone}.Run(t.Context(), Ports{Store: m, System: sys}, said.say)
				wantKind(t, err, tc.kind, tc.text)
				if took := time.Since(start); took != tc.took || strings.Join(said, "; ") != tc.said {
					t.Errorf("took %v, want %v; said %q, want %q", took, tc.took, said, tc.said)
				}
				if (sys.settles > 0) != tc.gone.Wait || m.names() != "Site/west" {
					t.Errorf("settled %d times, left %s", sys.settles, m.names())
				}
			})
		})
	}
}

func TestSettlingEndsWithTheCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	sys := &fakeSystem{settle: func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() }}
	_, err := DeleteListener{Name: "l", Gone: soon()}.Run(ctx, Ports{Store: newMemory(west(), &v2alpha1.Listener{ObjectMeta: named("l")}), System: sys}, nil)
	if !errors.Is(err, context.Canceled) || fault.Is(err, fault.Late) {
		t.Errorf("got %v", err)
	}
}

func TestDeleteSiteTellsWhatStays(t *testing.T) {
	for _, tc := range []struct {
		name string
		objs []v2alpha1.Object
		want string
	}{
		{"nothing", []v2alpha1.Object{west(), &v2alpha1.Secret{ObjectMeta: named("s")}}, ""},
		{"some", []v2alpha1.Object{west(), &v2alpha1.Link{ObjectMeta: named("l")}, &v2alpha1.Listener{ObjectMeta: named("a")}, &v2alpha1.Listener{ObjectMeta: named("b")}},
			"still there, for the next site of this namespace: Link (1), Listener (2)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			did, err := DeleteSite{Gone: soon()}.Run(t.Context(), Ports{Store: newMemory(tc.objs...), System: &fakeSystem{}}, nil)
			if err != nil || len(did) != 1 || strings.Join(did[0].Notes, "; ") != tc.want {
				t.Errorf("got %+v, %v, want %q", did, err, tc.want)
			}
		})
	}
}

type prober struct{ err error }

func (p prober) Probe(context.Context, string, int) error { return p.err }

func TestConnectorTellsThatNobodyAnswers(t *testing.T) {
	refused := prober{errors.New("connection refused")}
	c := CreateConnector{Name: "a", Port: 8080, Type: v2alpha1.TypeTCP, Target: Target{Host: "::1"}, Wait: Wait{For: WaitNone, Timeout: time.Minute}}
	for _, tc := range []struct {
		name   string
		prober Prober
		target Target
		want   string
	}{
		{"nobody-to-try", nil, Target{Host: "::1"}, ""},
		{"answers", prober{}, Target{Host: "::1"}, ""},
		{"refused", refused, Target{Host: "::1"}, "no server answers at [::1]:8080 now: connection refused"},
		{"pods", refused, Target{Selector: "app=a"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c.Target = tc.target
			did, err := c.Run(t.Context(), Ports{Store: newMemory(west()), Prober: tc.prober}, nil)
			if err != nil || strings.Join(did.Notes, "") != tc.want {
				t.Errorf("%q, %v, want %q", did.Notes, err, tc.want)
			}
		})
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0s", time.Millisecond: "1ms", 59 * time.Second: "59s", time.Minute: "1m", 15 * time.Minute: "15m", 61 * time.Second: "1m1s",
		time.Hour: "1h", time.Hour + time.Second: "1h0m1s", 90 * time.Minute: "1h30m", 10 * time.Minute: "10m", 20 * time.Hour: "20h", 1999 * time.Millisecond: "2s", -time.Minute: "-1m"} {
		if got := Span(d); got != want {
			t.Errorf("%d: got %s, want %s", d, got, want)
		}
	}
}
