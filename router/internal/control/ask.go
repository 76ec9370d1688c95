package control

import "time"

// ask is a request that is repeated until it is answered. The zero ask wants
// nothing. Answers can get lost while routers do not agree on the ways yet,
// and the next advertisement of the peer may be half a minute away.
type ask struct {
	wanted bool
	last   time.Time     // when it was sent; zero if it was not
	wait   time.Duration // after last before it is sent again
	tries  int           // how often it is still sent; 0 means until it is answered
}

// want makes the request due, at once unless it was sent just now.
func (a *ask) want() {
	a.wanted, a.tries = true, 0
	a.wait = min(a.wait, askFirst)
}

// maybe makes a request due that gets no answer if there is no news, unless it
// is wanted anyway.
func (a *ask) maybe() {
	if !a.wanted {
		a.want()
		a.tries = askTries
	}
}

// restart makes the request, if it is wanted at all, due at once.
func (a *ask) restart() { a.last, a.wait = time.Time{}, 0 }

// advertised takes over a number that the peer advertises, and wants the
// request as long as ours is below it. A number that is news makes it due
// soon: the last request may have been answered before there was a way back,
// or the answer is just under way.
func (a *ask) advertised(ours int64, highest *int64, theirs int64) {
	switch {
	case theirs > *highest && theirs > ours:
		*highest = theirs
		a.wanted, a.tries = true, 0
		a.wait = min(a.wait, askNews)
	case ours < *highest:
		a.want()
	default:
		a.done()
	}
}

// done takes the request back.
func (a *ask) done() { *a = ask{} }

// at is when the request is due; zero means at once. Only for a wanted one.
func (a *ask) at() time.Time {
	if a.last.IsZero() {
		return time.Time{}
	}
	return a.last.Add(a.wait)
}

func (a *ask) due(now time.Time) bool { return a.wanted && !now.Before(a.at()) }

func (a *ask) sent(now time.Time, most time.Duration) {
	a.wait = max(askFirst, min(2*a.wait, most))
	a.last = now
	if a.tries > 0 {
		a.tries--
		a.wanted = a.tries > 0
	}
}
