package op

import (
	"context"
	"fmt"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

// maxIncoming bounds how many links of other sites are told of one by one.
const maxIncoming = 20

// incoming tells of the links that other sites have made to this one: there is no resource here for them. What is known
// of them comes from the other sites, by way of the site's status, and is as old as that.
func incoming(ctx context.Context, p Ports) ([]string, error) {
	here, err := activeSite(ctx, p.Store)
	if fault.KindOf(err) == fault.Missing || err == nil && !here.Status.IsTrue(v2alpha1.ConditionRunning) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var notes []string
	more := 0
	for _, s := range here.Status.Network {
		for _, l := range s.Links {
			if l.RemoteSiteID != string(here.UID) || l.RemoteSiteID == "" || s.ID == l.RemoteSiteID {
				continue
			}
			if len(notes) == maxIncoming {
				more++
				continue
			}
			state := "down"
			if l.Operational {
				state = "up"
			}
			notes = append(notes, fmt.Sprintf("site %q has a link to this one, %q, which is %s", s.Name, l.Name, state))
		}
	}
	if more > 0 {
		notes = append(notes, fmt.Sprintf("there are %d more links to this site", more))
	}
	return notes, nil
}
