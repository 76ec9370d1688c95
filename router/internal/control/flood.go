package control

import "time"

const (
	// floodWindow is how long copies of an RA count as copies. A router sends
	// the same RA again after seconds.
	floodWindow = 500 * time.Millisecond
	// floodKept is how many different RAs are remembered of one router.
	floodKept = 4
)

// Flood tells which copies of a flooded RA are worth forwarding. RAs go to
// every neighbour that is not in their trace, since there are no trees to
// follow while the network forms; in a network with many rings a router gets
// one copy for each way there is, and would multiply each of them. It is
// enough to forward the first copy, and those that come by fewer hops and so
// get farther.
//
// It is for whoever forwards messages: the engine itself takes any number of
// copies. The zero Flood is ready for use.
type Flood struct {
	seen map[string]*[floodKept]floodCopy
}

type floodCopy struct {
	at   time.Time
	hops int
	body string
}

// Forward tells whether to pass on an RA: ingress is the id of the router that
// made it, hops the length of its trace, body what follows the router
// annotations.
func (f *Flood) Forward(now time.Time, ingress string, hops int, body []byte) bool {
	if len(body) > MaxMessage>>10 || len(ingress) > MaxID {
		return false // no RA is like that
	}
	if f.seen == nil {
		f.seen = make(map[string]*[floodKept]floodCopy)
	}
	kept := f.seen[ingress]
	if kept == nil {
		if len(f.seen) >= 2*MaxRouters {
			clear(f.seen) // at worst some copies too many
		}
		kept = new([floodKept]floodCopy)
		f.seen[ingress] = kept
	}
	oldest := 0
	for i := range kept {
		c := &kept[i]
		if c.body == string(body) && now.Sub(c.at) < floodWindow {
			if hops >= c.hops {
				return false
			}
			c.hops = hops
			return true
		}
		if c.at.Before(kept[oldest].at) {
			oldest = i
		}
	}
	kept[oldest] = floodCopy{at: now, hops: hops, body: string(body)}
	return true
}
