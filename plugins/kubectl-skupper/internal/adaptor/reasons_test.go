package adaptor

import (
	"testing"

	"github.com/skupper-plugins/suite/router/network"
)

// TestReasons has a link that is down for a reason that is told late, then up, and one of another site, of which nothing is known.
func TestReasons(t *testing.T) {
	status := func(state string) network.Status {
		site := func(id string) network.Site {
			return network.Site{Info: network.SiteInfo{ID: id}, Routers: []network.Router{{Links: []network.Link{{Name: "l", Status: state}}}}}
		}
		return network.Status{Sites: []network.Site{site("here"), site("there")}}
	}
	var got []network.Status
	r := &reasons{site: "here", publish: func(s network.Status) { got = append(got, s) }}
	why := map[string]string{"l": "certificate verify failed"}
	r.explain(map[string]string{"other": "x"}) // nothing to publish yet
	down := status("down")
	r.take(down)
	r.explain(why)
	r.explain(map[string]string{"l": "certificate verify failed"}) // no news
	r.take(status("up"))
	r.explain(nil)
	want := []string{"", "certificate verify failed", "", ""}
	if len(got) != len(want) {
		t.Fatalf("%d times published, want %d", len(got), len(want))
	}
	for i, s := range got {
		if m := s.Sites[0].Routers[0].Links[0].Message; m != want[i] || s.Sites[1].Routers[0].Links[0].Message != "" {
			t.Errorf("%d: %+v", i, s)
		}
	}
	if down.Sites[0].Routers[0].Links[0].Message != "" {
		t.Error("what was given was changed")
	}
}
