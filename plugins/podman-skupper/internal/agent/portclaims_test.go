package agent

import "testing"

func TestPortClaims(t *testing.T) {
	var c portClaims
	for _, step := range []struct {
		namespace, host string
		port            int
		other           string
	}{
		{"west", "127.0.0.1", 80, ""},
		{"west", "127.0.0.1", 80, ""}, // again, at the next look
		{"east", "127.0.0.1", 80, "west"},
		{"east", "", 80, "west"},
		{"east", "0.0.0.0", 80, "west"},
		{"east", "127.0.0.2", 80, ""},
		{"east", "127.0.0.1", 81, ""},
		{"west", "::", 81, "east"},
	} {
		if other := c.claim(step.namespace, step.host, step.port); other != step.other {
			t.Errorf("%+v: %q has it", step, other)
		}
	}
	if !c.holds("west", "127.0.0.1", 80) || c.holds("east", "127.0.0.1", 80) {
		t.Errorf("port 80 is west's, of %v", c.have)
	}
	c.keep("west", []claimed{{"127.0.0.1", 82}})
	if other := c.claim("east", "127.0.0.1", 80); other != "" {
		t.Errorf("%q has what it let go of", other)
	}
	if other := c.claim("east", "", 82); other != "west" {
		t.Errorf("%q has what west keeps", other)
	}
	c.keep("west", nil)
	if other := c.claim("east", "", 82); other != "" || len(c.have) != 1 {
		t.Errorf("%q has something, of %v", other, c.have)
	}
}
