package network

import (
	"reflect"
	"testing"
)

// The links of a site are up if its routers say so, whether the other end is known or not.
func TestLinksOf(t *testing.T) {
	st := Status{Sites: []Site{
		{Info: SiteInfo{ID: "me"}, Routers: []Router{
			{Links: []Link{{Name: "a", Status: "up"}, {Name: "b", Status: "down", Peer: "p"}, {Name: "c", Status: "Up", Peer: "p"}, {Status: "up"}}},
			{Links: []Link{{Name: "a", Status: "down"}, {Name: "b", Status: "up"}, {Name: "c", Status: "down"}}},
		}},
		{Info: SiteInfo{ID: "other", Name: "east"}, Routers: []Router{{Accesses: []Access{{ID: "p"}}, Links: []Link{{Name: "d", Status: "up"}}}}},
	}}
	want := []LinkRecord{{Name: "a", Operational: true}, {Name: "b", Operational: true}, {Name: "c", RemoteSiteID: "other", RemoteSiteName: "east", Operational: true}}
	if got := st.LinksOf("me"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := st.LinksOf("nobody"); got != nil {
		t.Errorf("got %+v", got)
	}
}
