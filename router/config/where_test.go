package config

import "testing"

func TestWhere(t *testing.T) {
	c, err := Parse([]byte(`[["router",{"id":"a"}],["listener",{"name":"l","port":5}],["listener",{"name":"m","port":6,"odd":1}],
		["sslProfile",{"name":"s","ordinal":3}],["strange",{"name":"x"}]]`))
	if err != nil {
		t.Fatal(err)
	}
	got := c.Where(func(e Entity) bool { return e.Name() != "l" })
	if got.Router.ID != "a" || len(got.Listeners) != 1 || got.Listeners[0].Name != "m" || got.Listeners[0].Port != "6" || len(got.SSLProfiles) != 1 || len(got.Unknown) != 1 {
		t.Errorf("got %+v", got)
	}
	if d := Diff(c.Where(func(Entity) bool { return true }), c); !d.Empty() {
		t.Errorf("keeping all changes %+v", d)
	}
}
