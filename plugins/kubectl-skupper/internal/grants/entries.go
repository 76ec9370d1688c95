package grants

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/grant"
)

// entries are what a journal holds: by UID of the grant, the redemptions that its own record may lack.
type entries map[string]entry

// entry is the redemptions of one grant. Count is of all that there ever were, the claims are the last of them.
type entry struct {
	Name   string        `json:"name"` // of the grant
	Count  int           `json:"count"`
	Claims []grant.Claim `json:"claims,omitempty"`
}

func (e entry) redemption() grant.Redemption {
	return grant.Redemption{Count: e.Count, Claims: e.Claims}
}

// maxJournal is how many octets of entries are kept before some must go into the grants' own records; a ConfigMap has a MiB.
const maxJournal = 256 << 10

// parseEntries reads what encode wrote; nothing is no entries.
func parseEntries(text string) (entries, error) {
	e := entries{}
	if text == "" {
		return e, nil
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return nil, err
	}
	if e == nil { // null
		return entries{}, nil
	}
	return e, nil
}

func (e entries) encode() (string, error) {
	text, err := json.Marshal(e)
	return string(text), err
}

// apply completes a grant, in memory, by what the journal has of it.
func (e entries) apply(g *v2alpha1.AccessGrant) error {
	one, there := e[string(g.UID)]
	if !there {
		return nil
	}
	_, err := one.redemption().Fold(g)
	return err
}

// add makes a redemption of a grant count, g being the grant as it is persisted. It gives other entries, or the same if the
// redemption is in them or in the grant already, as after a write whose outcome was unknown. It is a fault.Conflict if others have
// counted since the redemption was made up, or one of its claimants was served by another server meanwhile. A count that is behind
// what this server has seen persisted is none: what was lost, by whatever hand, is made good.
func (e entries) add(g *v2alpha1.AccessGrant, r grant.Redemption) (entries, error) {
	g = g.DeepCopy()
	if err := e.apply(g); err != nil {
		return nil, err
	}
	known, err := grant.Of(g)
	if err != nil {
		return nil, err
	}
	serials := map[string]string{}
	for _, c := range r.Claims {
		serials[c.Fingerprint] = c.Serial
	}
	last := r.Claims[len(r.Claims)-1].Serial
	for _, c := range known.Claims {
		if last != "" && c.Serial == last {
			return e, nil
		}
		if serial, same := serials[c.Fingerprint]; same && c.Fingerprint != "" && c.Serial != serial {
			return nil, fault.New(fault.Conflict, fmt.Sprintf("grant %s was redeemed by the same claimant meanwhile", g.Name), "")
		}
	}
	if known.Redeemed > r.Before() {
		return nil, fault.New(fault.Conflict, fmt.Sprintf("grant %s was redeemed %d times, not %d", g.Name, known.Redeemed, r.Before()), "")
	}
	out := maps.Clone(e)
	old := e[string(g.UID)].Claims
	out[string(g.UID)] = entry{Name: g.Name, Count: r.Count, Claims: append(old[:len(old):len(old)], r.Claims...)}
	return out, nil
}

// without leaves out what the grants have in their own records now: done has their counts.
func (e entries) without(done map[string]int) entries {
	out := entries{}
	for uid, one := range e {
		if count, there := done[uid]; there {
			if one.Count <= count {
				continue
			}
			one.Claims = one.redemption().After(count).Claims
		}
		out[uid] = one
	}
	return out
}
