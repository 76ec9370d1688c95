package routertest

import "testing"

// TestDoubled: a record of every test's routers that has a field twice fails the test.
func TestDoubled(t *testing.T) {
	for log, want := range map[string]string{
		"": "", "not a record\n": "", `{"a":1,"b":{"a":2,"a":3},"c":["a","a"]}`: "", `{"a":1,"b":2,`: "",
		"{\"a\":1}\n{\"a\":2,\"b\":1,\"a\":1}\n":     "a",
		`{"level":"info","router":"A","router":"B"}`: "router",
	} {
		if _, key := doubled(log); key != want {
			t.Errorf("%s: %q is there twice, want %q", log, key, want)
		}
	}
}
