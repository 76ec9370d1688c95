package v2alpha1

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestAggregation(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	type step struct {
		condition string
		err       error
		status    StatusType
		message   string
	}
	boom := errors.New("boom")
	for name, tc := range map[string]struct {
		obj     Object
		steps   []step
		noReady bool
	}{
		"site": {obj: &Site{}, steps: []step{
			{ConditionConfigured, nil, StatusPending, "Not Running"},
			{ConditionRunning, Waiting("No router pod is ready"), StatusPending, "No router pod is ready"},
			{ConditionRunning, nil, StatusReady, "OK"},
			{ConditionConfigured, boom, StatusError, "boom"},
		}},
		"site-with-access": {obj: &Site{Spec: SiteSpec{LinkAccess: "default"}}, steps: []step{
			{ConditionRunning, nil, StatusPending, "Not Configured"},
			{ConditionConfigured, nil, StatusPending, "Not Resolved"},
			{ConditionResolved, Waiting("Pending"), StatusPending, "Pending"},
			{ConditionResolved, nil, StatusReady, "OK"},
		}},
		"site-access-none": {obj: &Site{Spec: SiteSpec{LinkAccess: "none"}}, steps: []step{
			{ConditionRunning, nil, StatusPending, "Not Configured"},
			{ConditionConfigured, nil, StatusReady, "OK"},
		}},
		"listener": {obj: &Listener{}, steps: []step{
			{ConditionConfigured, nil, StatusPending, "Not Matched"},
			{ConditionMatched, Waiting(MessageNoMatchingConnectors), StatusPending, "No matching connectors"},
			{ConditionMatched, nil, StatusReady, "OK"},
		}},
		"connector": {obj: &Connector{}, steps: []step{
			{ConditionMatched, nil, StatusPending, "Not Configured"},
			{ConditionConfigured, nil, StatusReady, "OK"},
		}},
		"multikeylistener": {obj: &MultiKeyListener{}, noReady: true, steps: []step{
			{ConditionConfigured, nil, StatusPending, "Not Operational"},
			{ConditionOperational, nil, StatusReady, "OK"},
		}},
		"link": {obj: &Link{}, steps: []step{
			{ConditionConfigured, nil, StatusPending, "Not Operational"},
			{ConditionOperational, Waiting(MessageNotOperational), StatusPending, "Not operational"},
			{ConditionOperational, nil, StatusReady, "OK"},
		}},
		"grant": {obj: &AccessGrant{}, steps: []step{
			{ConditionProcessed, nil, StatusPending, "Not Resolved"},
			{ConditionResolved, Waiting(MessagePending), StatusPending, "Pending"},
			{ConditionResolved, nil, StatusReady, "OK"},
		}},
		"token": {obj: &AccessToken{}, noReady: true, steps: []step{
			{ConditionRedeemed, boom, StatusError, "boom"},
			{ConditionRedeemed, nil, StatusReady, "OK"},
		}},
		"routeraccess":  {obj: &RouterAccess{}, steps: []step{{ConditionConfigured, nil, StatusPending, "Not Resolved"}}},
		"securedaccess": {obj: &SecuredAccess{}, steps: []step{{ConditionResolved, nil, StatusPending, "Not Configured"}}},
		"certificate":   {obj: &Certificate{}, steps: []step{{ConditionReady, boom, StatusError, "boom"}, {ConditionReady, nil, StatusReady, "OK"}}},
		"attached":      {obj: &AttachedConnector{}, steps: []step{{ConditionConfigured, nil, StatusReady, "OK"}}},
		"binding":       {obj: &AttachedConnectorBinding{}, steps: []step{{ConditionConfigured, nil, StatusPending, "Not Matched"}}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, st := range tc.steps {
				if !SetCondition(now, tc.obj, st.condition, st.err) {
					t.Errorf("step %d: nothing changed", i)
				}
				if SetCondition(now.Add(time.Hour), tc.obj, st.condition, st.err) {
					t.Errorf("step %d: changed when set again", i)
				}
				s := StatusOf(tc.obj)
				if s.StatusType != st.status || s.Message != st.message {
					t.Errorf("step %d: %s %q, want %s %q", i, s.StatusType, s.Message, st.status, st.message)
				}
				ready := s.Condition(ConditionReady)
				if (ready == nil) != tc.noReady {
					t.Fatalf("step %d: condition Ready is %v", i, ready)
				}
				if ready != nil && (ready.Reason != string(st.status) || ready.Message != st.message ||
					(ready.Status == metav1.ConditionTrue) != (st.status == StatusReady)) {
					t.Errorf("step %d: Ready is %+v", i, ready)
				}
			}
		})
	}
}

func TestTransitionTime(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 999, time.UTC)
	l := &Link{ObjectMeta: metav1.ObjectMeta{Generation: 3}}
	SetCondition(now, l, ConditionOperational, Waiting("a"))
	SetCondition(now.Add(time.Minute), l, ConditionOperational, errors.New("b")) // still False
	c := l.Status.Condition(ConditionOperational)
	if !c.LastTransitionTime.Equal(&metav1.Time{Time: now.Truncate(time.Second)}) || c.Reason != "Error" || c.ObservedGeneration != 3 {
		t.Errorf("got %+v", c)
	}
	SetCondition(now.Add(time.Hour), l, ConditionOperational, nil)
	if c := l.Status.Condition(ConditionOperational); !c.LastTransitionTime.Time.Equal(now.Add(time.Hour).Truncate(time.Second)) {
		t.Errorf("got %+v", c)
	}
	l.Generation = 4
	if !SetCondition(now.Add(2*time.Hour), l, ConditionOperational, nil) {
		t.Error("a new generation is no change")
	}
	if c := l.Status.Condition(ConditionOperational); c.ObservedGeneration != 4 || !c.LastTransitionTime.Time.Equal(now.Add(time.Hour).Truncate(time.Second)) {
		t.Errorf("got %+v", c)
	}
}

func TestMirrors(t *testing.T) {
	l, c, tok := &Listener{}, &Connector{}, &AccessToken{}
	l.SetMatched(nil)
	c.SetMatched(nil)
	tok.SetRedeemed(nil)
	if !l.Status.HasMatchingConnector || !c.Status.HasMatchingListener || !tok.Status.Redeemed || !tok.IsRedeemed() {
		t.Errorf("got %+v %+v %+v", l.Status, c.Status, tok.Status)
	}
	l.SetMatched(Waiting("x"))
	if l.Status.HasMatchingConnector {
		t.Error("still matched")
	}
	if !ClearCondition(time.Now(), c, ConditionMatched) || c.Status.HasMatchingListener || c.Status.Message != "Not Configured" ||
		ClearCondition(time.Now(), c, ConditionMatched) {
		t.Errorf("got %+v", c.Status)
	}
	if !tok.SetRedeemedForDeletedSite(time.Now()) || !tok.IsRedeemed() || tok.Status.StatusType != StatusError ||
		tok.Status.Message != MessageAlreadyRedeemedNoSite {
		t.Errorf("got %+v", tok.Status)
	}
	if SetCondition(time.Now(), &Secret{}, ConditionReady, nil) {
		t.Error("a secret got a status")
	}
}

func TestKinds(t *testing.T) {
	if n := len(Kinds()); n != 12 {
		t.Errorf("%d kinds, want 12", n)
	}
	for word, want := range map[string]string{"site": KindSite, "st": KindSite, "ROUTERACCESSES": KindRouterAccess, "gr": KindAccessGrant,
		"grant": KindAccessGrant, "to": KindAccessToken, "acnrb": KindAttachedConnectorBinding, "secrets": KindSecret, "mkl": "", "": ""} {
		info, ok := Lookup(word)
		if info.Kind != want || ok != (want != "") {
			t.Errorf("%q: got %q", word, info.Kind)
		}
	}
	for _, k := range Kinds() {
		o := k.New()
		if KindOf(o) != k.Kind || o.GetObjectKind().GroupVersionKind().String() != "skupper.io/v2alpha1, Kind="+k.Kind || StatusOf(o) == nil {
			t.Errorf("%s: got %T, %v", k.Kind, o, o.GetObjectKind().GroupVersionKind())
		}
		if c := DeepCopy(o); KindOf(c) != k.Kind || c == o {
			t.Errorf("%s: bad copy", k.Kind)
		}
	}
}

func TestIssuer(t *testing.T) {
	s := &Site{}
	for i, want := range []string{DefaultIssuerName, "old", "new"} {
		switch i {
		case 1:
			s.Status.DefaultIssuer = "old"
		case 2:
			s.Spec.DefaultIssuer = "new"
		}
		if s.Issuer() != want {
			t.Errorf("got %q, want %q", s.Issuer(), want)
		}
	}
}

// TestNoting has something to say of what is well all the same.
func TestNoting(t *testing.T) {
	s, l := &Site{}, &Listener{}
	s.SetConfigured(nil)
	s.SetRunning(Noting("one of two"))
	if !s.IsReady() || s.Status.StatusType != StatusReady || s.Status.Message != "one of two" || s.Status.Condition(ConditionReady).Message != "one of two" {
		t.Errorf("got %+v", s.Status)
	}
	if s.SetRunning(nil); s.Status.Message != MessageOK {
		t.Errorf("got %+v", s.Status)
	}
	if l.SetMatched(Noting("x")); !l.Status.HasMatchingConnector {
		t.Error("not matched")
	}
}

// TestMessagesAreBounded: the API would refuse the whole status for one that is too long. How it begins and ends stays.
func TestMessagesAreBounded(t *testing.T) {
	for _, n := range []int{0, MaxMessage - 10, MaxMessage, 100000} {
		text := "begin " + strings.Repeat("é", n) + " end"
		l := &Listener{}
		SetCondition(time.Unix(1e9, 0), l, ConditionConfigured, errors.New(text))
		for _, got := range []string{l.Status.Message, l.Status.Condition(ConditionConfigured).Message, l.Status.Condition(ConditionReady).Message} {
			if len(text) <= MaxMessage && got != text || len(got) > MaxMessage || !utf8.ValidString(got) || !strings.HasPrefix(got, "begin é") && n > 0 || !strings.HasSuffix(got, " end") {
				t.Errorf("%d: got %d octets: %q", n, len(got), got)
			}
		}
		if SetCondition(time.Unix(2e9, 0), l, ConditionConfigured, errors.New(text)) {
			t.Errorf("%d: the same again is a change", n)
		}
	}
}
