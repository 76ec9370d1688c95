package adaptor

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/network"
)

const (
	reasonEvery = 5 * time.Second
	maxReason   = 200 // octets
	// reasonStays is how long what is said of a link that stays down does not change: each try may fail with other words.
	reasonStays = time.Minute
)

// reasons adds to the network status why links of this site are down. What the routers tell the network of links does not say that,
// but this pod's router knows it of its own.
type reasons struct {
	site    string               // whose links
	publish func(network.Status) // is called under the lock, so that what is older is never published later; must not wait

	mu      sync.Mutex
	last    *network.Status // as it came; nil: none yet
	why     map[string]string
	changed map[string]time.Time // since when it says so of each of these
}

// take passes a status on.
func (r *reasons) take(s network.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = &s
	r.publish(explained(s, r.site, r.why))
}

// explain notes why links are down, by their names, and publishes what that changes.
func (r *reasons) explain(why map[string]string, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next, changed := map[string]string{}, map[string]time.Time{}
	for name, text := range why {
		before, known := r.why[name]
		at := now
		if since := now.Sub(r.changed[name]); known && (text == before || since >= 0 && since < reasonStays) {
			text, at = before, r.changed[name]
		}
		next[name], changed[name] = text, at
	}
	same := maps.Equal(next, r.why)
	r.why, r.changed = next, changed
	if !same && r.last != nil {
		r.publish(explained(*r.last, r.site, next))
	}
}

// What is different each time that a try fails, though the reason is the same.
var (
	connection = regexp.MustCompile(`^\[C\d+\] `)          // the router's number of it
	localPort  = regexp.MustCompile(`\S+:\d+->`)           // this end of it
	timeNow    = regexp.MustCompile(`current time \S+ is`) // of a certificate that is not valid now
)

// reasonOf is what a router says of a connector that failed, without what differs each time. The other end may have a say in it.
func reasonOf(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case !unicode.IsPrint(c), c == utf8.RuneError:
			return -1
		}
		return c
	}, text)
	text = connection.ReplaceAllString(text, "")
	text = localPort.ReplaceAllString(text, "")
	text = timeNow.ReplaceAllString(text, "the time is")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "")
	}
	return strings.TrimSpace(text)
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
			if text = reasonOf(text); state != "SUCCESS" && text != "" {
				why[name] = text
			}
		}
		r.explain(why, time.Now())
		pause(ctx, reasonEvery)
		if ctx.Err() != nil {
			return
		}
	}
}
