package v2alpha1

import (
	"errors"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Condition types.
const (
	ConditionConfigured  = "Configured"
	ConditionResolved    = "Resolved"
	ConditionRunning     = "Running"
	ConditionMatched     = "Matched"
	ConditionProcessed   = "Processed"
	ConditionRedeemed    = "Redeemed"
	ConditionOperational = "Operational"
	ConditionReady       = "Ready"
)

// Messages of conditions that others match on.
const (
	MessageNotOperational        = "Not operational" // a link that is down; never set is "Not Operational"
	MessageNoMatchingConnectors  = "No matching connectors"
	MessageNoMatchingListeners   = "No matching listeners"
	MessagePending               = "Pending"
	MessageUnsupportedAccess     = "Unsupported value for LinkAccess: " // the value follows
	MessageNoActiveSite          = "No active site in namespace"
	MessageAlreadyRedeemedNoSite = "Already redeemed for a deleted site"
)

// Waiting is the error to give to a condition that is not met yet though nothing is wrong: it becomes Pending, with
// text as the message, instead of Error.
func Waiting(text string) error { return waiting(text) }

type waiting string

func (w waiting) Error() string { return string(w) }

// IsWaiting reports whether err is, or wraps, one made by Waiting.
func IsWaiting(err error) bool {
	var w waiting
	return errors.As(err, &w)
}

// Noting is the error to give to a condition that is met, though there is something to say: it becomes Ready with text as the
// message, which a resource that is ready otherwise shows in place of OK.
func Noting(text string) error { return noting(text) }

type noting string

func (n noting) Error() string { return string(n) }

// IsNoting reports whether err is, or wraps, one made by Noting.
func IsNoting(err error) bool {
	var n noting
	return errors.As(err, &n)
}

// SetCondition sets one condition of obj as of now and adds the conditions up again: nil is met, so is a Noting error, a
// Waiting error is pending, any other is an error. Fields of the status which repeat the condition (redeemed, hasMatchingListener…) are
// set too. It reports whether anything changed; a time of transition changes only when the condition flips.
//
// Use it where the time must be given; the Set methods are the same at the current time.
func SetCondition(now time.Time, obj Object, condition string, err error) bool {
	s := StatusOf(obj)
	if s == nil {
		return false
	}
	changed := s.set(now, obj.GetGeneration(), condition, err)
	mirrored := mirror(obj, condition, err == nil || IsNoting(err))
	// The sum is left alone while the condition stays the same, but for one kind, whose endpoints come and go without a
	// change of the condition.
	if _, always := obj.(*SecuredAccess); changed || always {
		changed = addUp(now, obj, condition) || changed
	}
	return changed || mirrored
}

// ClearCondition forgets a condition as if it had never been set, and adds the others up. It reports whether anything
// changed.
func ClearCondition(now time.Time, obj Object, condition string) bool {
	s := StatusOf(obj)
	if s == nil {
		return false
	}
	for i := range s.Conditions {
		if s.Conditions[i].Type == condition {
			s.Conditions = append(s.Conditions[:i:i], s.Conditions[i+1:]...)
			mirror(obj, condition, false)
			addUp(now, obj, condition)
			return true
		}
	}
	return false
}

// addUp makes status and message in the manner of obj's kind.
func addUp(now time.Time, obj Object, condition string) bool {
	s := StatusOf(obj)
	switch obj.(type) {
	case *AccessToken, *Certificate: // one condition is all there is
		return s.copyFrom(condition)
	case *MultiKeyListener: // this kind has no Ready condition
		return s.add(now, obj.GetGeneration(), required(obj), false)
	}
	return s.add(now, obj.GetGeneration(), required(obj), true)
}

// required are the conditions that make a kind ready, in the order in which they are looked at.
func required(obj Object) []string {
	switch o := obj.(type) {
	case *Site:
		if o.AcceptsLinks() {
			return []string{ConditionConfigured, ConditionRunning, ConditionResolved}
		}
		return []string{ConditionConfigured, ConditionRunning}
	case *Listener, *Connector, *AttachedConnectorBinding:
		return []string{ConditionConfigured, ConditionMatched}
	case *MultiKeyListener, *Link:
		return []string{ConditionConfigured, ConditionOperational}
	case *AccessGrant:
		return []string{ConditionProcessed, ConditionResolved}
	case *RouterAccess, *SecuredAccess:
		return []string{ConditionConfigured, ConditionResolved}
	case *AttachedConnector:
		return []string{ConditionConfigured}
	}
	return nil
}

// mirror sets the boolean of the status that goes with a condition.
func mirror(obj Object, condition string, met bool) bool {
	var field *bool
	switch o := obj.(type) {
	case *Listener:
		field = only(condition, ConditionMatched, &o.Status.HasMatchingConnector)
	case *Connector:
		field = only(condition, ConditionMatched, &o.Status.HasMatchingListener)
	case *AttachedConnectorBinding:
		field = only(condition, ConditionMatched, &o.Status.HasMatchingListener)
	case *MultiKeyListener:
		field = only(condition, ConditionOperational, &o.Status.HasDestination)
	case *AccessToken:
		field = only(condition, ConditionRedeemed, &o.Status.Redeemed)
	}
	if field == nil || *field == met {
		return false
	}
	*field = met
	return true
}

func only(condition, want string, field *bool) *bool {
	if condition == want {
		return field
	}
	return nil
}

// Condition is the condition of that type, nil if it was never set.
func (s *Status) Condition(condition string) *metav1.Condition {
	for i := range s.Conditions {
		if s.Conditions[i].Type == condition {
			return &s.Conditions[i]
		}
	}
	return nil
}

// IsTrue reports whether a condition is met.
func (s *Status) IsTrue(condition string) bool {
	c := s.Condition(condition)
	return c != nil && c.Status == metav1.ConditionTrue
}

func (s *Status) set(now time.Time, generation int64, condition string, err error) bool {
	want := metav1.Condition{Type: condition, Status: metav1.ConditionFalse, ObservedGeneration: generation}
	switch {
	case err == nil:
		want.Status, want.Reason, want.Message = metav1.ConditionTrue, string(StatusReady), MessageOK
	case IsNoting(err):
		want.Status, want.Reason, want.Message = metav1.ConditionTrue, string(StatusReady), err.Error()
	case IsWaiting(err):
		want.Reason, want.Message = string(StatusPending), err.Error()
	default:
		want.Reason, want.Message = string(StatusError), err.Error()
	}
	return s.put(now, want)
}

// MaxMessage is how long the message of a condition can be, in octets. The API takes 32768 characters, and nobody reads that.
const MaxMessage = 1024

// clip shortens a message in its middle: it begins with what is wrong and ends with what to do.
func clip(message string) string {
	const gap, tail = " … ", MaxMessage / 4
	if len(message) <= MaxMessage {
		return message
	}
	const head = MaxMessage - tail - len(gap)
	return strings.ToValidUTF8(message[:head], "") + gap + strings.ToValidUTF8(message[len(message)-tail:], "")
}

func (s *Status) put(now time.Time, want metav1.Condition) bool {
	want.Message = clip(want.Message)
	// Whole seconds: that is all a document can hold, and what is read back must equal what was set.
	want.LastTransitionTime = metav1.NewTime(now.Truncate(time.Second))
	old := s.Condition(want.Type)
	if old == nil {
		s.Conditions = append(s.Conditions, want)
		return true
	}
	if old.Status == want.Status {
		want.LastTransitionTime = old.LastTransitionTime
	}
	changed := old.Status != want.Status || old.Reason != want.Reason || old.Message != want.Message ||
		old.ObservedGeneration != want.ObservedGeneration
	*old = want
	return changed
}

// add makes status and message of the required conditions: the first that is absent or not met decides. If all are met, the
// message is what there is to say of the first of which there is something.
func (s *Status) add(now time.Time, generation int64, required []string, withReady bool) bool {
	status, message := StatusReady, MessageOK
	for _, name := range required {
		c := s.Condition(name)
		if c == nil {
			status, message = StatusPending, "Not "+name
			break
		}
		if c.Status != metav1.ConditionTrue {
			status, message = StatusType(c.Reason), c.Message
			break
		}
		if message == MessageOK {
			message = c.Message
		}
	}
	changed := s.StatusType != status || s.Message != message
	s.StatusType, s.Message = status, message
	if withReady {
		ready := metav1.Condition{Type: ConditionReady, Status: metav1.ConditionFalse, Reason: string(status),
			Message: message, ObservedGeneration: generation}
		if status == StatusReady {
			ready.Status = metav1.ConditionTrue
		}
		changed = s.put(now, ready) || changed
	}
	return changed
}

// copyFrom makes status and message those of one condition.
func (s *Status) copyFrom(condition string) bool {
	var status StatusType
	var message string
	if c := s.Condition(condition); c != nil {
		status, message = StatusType(c.Reason), c.Message
	}
	changed := s.StatusType != status || s.Message != message
	s.StatusType, s.Message = status, message
	return changed
}
