package op

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

func TestWaitSite(t *testing.T) {
	ready := Wait{WaitReady, time.Minute}
	for _, tc := range []struct {
		name       string
		controller func(v2alpha1.Object)
		delay      time.Duration
		wait       Wait
		kind       fault.Kind
		text       string
		took       time.Duration
	}{
		{"ready-in-time", settled, 50 * time.Second, ready, 0, "", 50 * time.Second},
		{"ready-at-the-last-moment", settled, time.Minute - 1, ready, 0, "", time.Minute - 1},
		{"late", settled, time.Hour, ready, fault.Late, "site west is not ready after 1m: Not Ready", time.Minute},
		{"late-says-what-is-missing", func(o v2alpha1.Object) {
			v2alpha1.SetCondition(time.Now(), o, v2alpha1.ConditionConfigured, nil)
		}, time.Second, ready, fault.Late, "Not Running", time.Minute},
		{"final-error-ends-it-at-once", failing(v2alpha1.ConditionConfigured, "Unsupported value for LinkAccess: x"), time.Second, ready, fault.Failed, "site west is not ready: Unsupported value for LinkAccess: x", time.Second},
		{"configured-is-less-than-ready", func(o v2alpha1.Object) {
			v2alpha1.SetCondition(time.Now(), o, v2alpha1.ConditionConfigured, nil)
		}, time.Second, Wait{WaitConfigured, time.Minute}, 0, "", time.Second},
		{"none", settled, time.Hour, Wait{WaitNone, time.Minute}, 0, "", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				m.controller, m.delay = tc.controller, tc.delay
				start := time.Now()
				did, err := CreateSite{Name: "west", Wait: tc.wait}.Run(t.Context(), Ports{Store: m}, nil)
				wantKind(t, err, tc.kind, tc.text)
				if did.Did != Created || did.Object == nil {
					t.Errorf("did %+v, want it to say that the site was created", did)
				}
				if took := time.Since(start); took != tc.took {
					t.Errorf("took %v, want %v", took, tc.took)
				}
				time.Sleep(2 * time.Hour) // let the controller end
			})
		})
	}
}

func TestWaitTellsOurTimeoutFromTheCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := CreateSite{Name: "west", Wait: Wait{WaitReady, time.Minute}}.Run(ctx, Ports{Store: newMemory()}, nil)
		if !errors.Is(err, context.DeadlineExceeded) || fault.KindOf(err) != fault.Failed {
			t.Errorf("the caller's deadline became %v (%v)", err, fault.KindOf(err))
		}
		ctx, cancel = context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err = CreateSite{Name: "west", Wait: Wait{WaitReady, time.Minute}}.Run(ctx, Ports{Store: newMemory()}, nil)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the caller's cancel became %v", err)
		}
	})
}

func TestWaitSaysEachReasonOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.delay = time.Second
		m.controller = func(o v2alpha1.Object) {
			v2alpha1.SetCondition(time.Now(), o, v2alpha1.ConditionConfigured, nil)
			go func() {
				time.Sleep(time.Second)
				_ = m.UpdateStatus(t.Context(), v2alpha1.KindSite, "west", func(o v2alpha1.Object) error { o.SetLabels(nil); return nil })
				time.Sleep(time.Second)
				_ = m.UpdateStatus(t.Context(), v2alpha1.KindSite, "west", func(o v2alpha1.Object) error { settled(o); return nil })
			}()
		}
		var said words
		if _, err := (CreateSite{Name: "west", Wait: aWait}).Run(t.Context(), Ports{Store: m}, said.say); err != nil {
			t.Fatal(err)
		}
		if len(said) != 2 || said[0] != "site west: Not Ready" || said[1] != "site west: Not Running" {
			t.Errorf("said %q", said)
		}
	})
}

// A condition from before the change does not end the wait, unless it is met and nobody renews it.
func TestWaitDoesNotBelieveAnOldCondition(t *testing.T) {
	for _, tc := range []struct {
		name       string
		before     func(v2alpha1.Object)
		controller func(v2alpha1.Object)
		delay      time.Duration
		took       time.Duration
		kind       fault.Kind
		text       string
	}{
		{"renewed", settled, settled, 2 * time.Second, 2 * time.Second, 0, ""},
		{"renewed-and-wrong", settled, failing(v2alpha1.ConditionOperational, "no such host"), 2 * time.Second, 2 * time.Second, fault.Failed, "no such host"},
		{"never-renewed", settled, nil, 0, settle, 0, ""},
		{"repaired-slowly", failing(v2alpha1.ConditionConfigured, "no secret"), settled, 20 * time.Second, 20 * time.Second, 0, ""},
		{"wrong-and-never-renewed", failing(v2alpha1.ConditionConfigured, "no secret"), nil, 0, time.Minute, fault.Late,
			"link l is not ready after 1m: not looked at since it was changed, before that: no secret"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := &v2alpha1.Link{ObjectMeta: named("l"), Spec: v2alpha1.LinkSpec{Cost: 1}}
				l.Generation = 1
				tc.before(l)
				m := newMemory(west(), l)
				m.controller, m.delay = tc.controller, tc.delay
				start := time.Now()
				_, err := UpdateLink{Name: "l", Cost: ptr(2), Wait: aWait}.Run(t.Context(), Ports{Store: m}, nil)
				wantKind(t, err, tc.kind, tc.text)
				if took := time.Since(start); took != tc.took {
					t.Errorf("took %v, want %v", took, tc.took)
				}
			})
		})
	}
}

func TestWaitReportsABrokenStore(t *testing.T) {
	for _, method := range []string{"Watch", "Get"} {
		m := newMemory()
		m.fail[method] = errors.New("disk is broken")
		_, err := CreateSite{Name: "west", Wait: aWait}.Run(t.Context(), Ports{Store: m}, nil)
		wantKind(t, err, fault.Failed, "disk is broken")
	}
}
