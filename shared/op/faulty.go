package op

import (
	"context"
	"fmt"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// maxFaulty bounds how many links that are not up a site tells of one by one.
const maxFaulty = 5

// faultyLinks tells of the links of a site that are not up, and why: the site itself may be as well as can be, as when the site at
// the other end has another authority by now. Where links are nothing for this user to see, or nobody knows, nothing is told.
func faultyLinks(ctx context.Context, p Ports) (notes []string) {
	links, err := status(ctx, p, []string{v2alpha1.KindLink}, "", live.link)
	if err != nil {
		return nil
	}
	more := 0
	for _, l := range links.Items {
		if l.Status.StatusType == v2alpha1.StatusReady {
			continue
		}
		if len(notes) == maxFaulty {
			more++
			continue
		}
		notes = append(notes, fmt.Sprintf("link %q is not up: %s", l.Name, l.Status.Message))
	}
	if more > 0 {
		notes = append(notes, fmt.Sprintf("%d more links are not up", more))
	}
	return notes
}
