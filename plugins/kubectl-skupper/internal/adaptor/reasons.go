package adaptor

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/network"
)

const (
	reasonEvery = 5 * time.Second
	maxReason   = 200 // octets
)

// reasons adds to the network status why links of this site are down. What the routers tell the network of links does not say that,
// but this pod's router knows it of its own.
type reasons struct {
	site    string // whose links
	publish func(network.Status)

	mu   sync.Mutex
	last *network.Status // as it came; nil: none yet
	why  map[string]string
}

// take passes a status on.
func (r *reasons) take(s network.Status) {
	r.mu.Lock()
	r.last = &s
	s = explained(s, r.site, r.why)
	r.mu.Unlock()
	r.publish(s)
}

// explain notes why links are down, by their names, and publishes what that changes.
func (r *reasons) explain(why map[string]string) {
	r.mu.Lock()
	same, last := maps.Equal(why, r.why), r.last
	r.why = why
	r.mu.Unlock()
	if !same && last != nil {
		r.publish(explained(*last, r.site, why))
	}
}

// explained is a copy of a status with the reasons in it.
func explained(s network.Status, site string, why map[string]string) network.Status {
	if len(why) == 0 {
		return s
	}
	s.Sites = slices.Clone(s.Sites)
	for i := range s.Sites {
		if s.Sites[i].Info.ID != site {
			continue
		}
		s.Sites[i].Routers = slices.Clone(s.Sites[i].Routers)
		for j := range s.Sites[i].Routers {
			links := slices.Clone(s.Sites[i].Routers[j].Links)
			for k := range links {
				if !strings.EqualFold(links[k].Status, "up") {
					links[k].Message = why[links[k].Name]
				}
			}
			s.Sites[i].Routers[j].Links = links
		}
	}
	return s
}

// run asks the router until ctx ends. That it does not answer others tell of.
func (r *reasons) run(ctx context.Context, router string) {
	for ctx.Err() == nil {
		if client, err := manage.Dial(ctx, manage.Options{URL: router}); err == nil {
			r.follow(ctx, client)
			_ = client.Close() // it is done with
		}
		pause(ctx, reasonEvery)
	}
}

// follow asks as long as there are answers.
func (r *reasons) follow(ctx context.Context, client *manage.Client) {
	for {
		rows, err := client.Query(ctx, "connector", "name", "connectionStatus", "connectionMsg")
		if err != nil {
			return
		}
		why := map[string]string{}
		for _, row := range rows {
			name, _ := row["name"].(string)
			state, _ := row["connectionStatus"].(string)
			text, _ := row["connectionMsg"].(string)
			if len(text) > maxReason {
				text = text[:maxReason]
			}
			if text = strings.ToValidUTF8(text, ""); state != "SUCCESS" && text != "" {
				why[name] = text
			}
		}
		r.explain(why)
		pause(ctx, reasonEvery)
		if ctx.Err() != nil {
			return
		}
	}
}
