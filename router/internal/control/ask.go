package control

import "time"

// ask is a request that is repeated until it is answered. The zero ask wants
// nothing. Answers can get lost while routers do not agree on the ways yet,
// and the next advertisement of the peer may be half a minute away.
type ask struct {
	wanted bool
	tries  int           // how often it is still sent; 0 means until it is answered
	last   time.Time     // when it was sent; zero if it was not
	next   time.Time     // when it is due; zero means at once
	wait   time.Duration // from last to next, after which it is doubled
}

// want makes the request due, at once unless it was sent just now.
func (a *ask) want() { a.within(askFirst) }

// within makes the request due as soon as it was sent for that long.
func (a *ask) within(after time.Duration) {
	a.wanted, a.tries = true, 0
	a.wait = min(a.wait, after)
	if a.last.IsZero() {
		a.next = time.Time{}
	} else if at := a.last.Add(after); at.Before(a.next) {
		a.next = at
	}
}

// maybe makes a request due at some time that gets no answer if there is no
// news, unless it is wanted anyway.
func (a *ask) maybe(at time.Time) {
	if !a.wanted {
		*a = ask{wanted: true, tries: askTries, next: at}
	}
}

// advertised takes over a number that the peer advertises, and wants the
// request as long as ours is below it. A number that is news makes it due
// soon: the last request may have been answered before there was a way back,
// or the answer is just under way.
func (a *ask) advertised(ours int64, highest *int64, theirs int64) {
	switch {
	case theirs > *highest && theirs > ours:
		*highest = theirs
		a.within(askNews)
	case ours < *highest:
		a.want()
	default:
		a.done()
	}
}

// restart makes the request, if it is wanted at all, due at once.
func (a *ask) restart() { a.last, a.next, a.wait = time.Time{}, time.Time{}, 0 }

// done takes the request back.
func (a *ask) done() { *a = ask{} }

func (a *ask) due(now time.Time) bool { return a.wanted && !now.Before(a.next) }

// sent notes that the request goes out. It waits for at most that long before
// it is due again.
func (a *ask) sent(now time.Time, most time.Duration) {
	a.wait = max(askFirst, min(2*a.wait, most))
	a.last, a.next = now, now.Add(a.wait)
	if a.tries > 0 {
		a.tries--
		a.wanted = a.tries > 0
	}
}
