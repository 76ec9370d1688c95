package control

import (
	"fmt"
	"testing"
	"time"
)

func TestFlood(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	var f Flood
	for _, tt := range []struct {
		name    string
		after   time.Duration
		ingress string
		hops    int
		body    string
		want    bool
	}{
		{"first", 0, "A", 2, "one", true},
		{"copy", ms, "A", 2, "one", false},
		{"copy by more hops", 2 * ms, "A", 3, "one", false},
		{"copy by fewer hops", 3 * ms, "A", 1, "one", true},
		{"copy by as few hops", 4 * ms, "A", 1, "one", false},
		{"same of another router", 4 * ms, "B", 2, "one", true},
		{"news", 5 * ms, "A", 2, "two", true},
		{"copy of the former", 6 * ms, "A", 2, "one", false},
		{"in time", floodWindow - 1, "A", 1, "one", false},
		{"sent again", floodWindow, "A", 1, "one", true},
		{"too long an id", floodWindow, string(make([]byte, MaxID+1)), 1, "one", false},
		{"too long a body", floodWindow, "A", 1, string(make([]byte, MaxMessage>>10+1)), false},
	} {
		if got := f.Forward(at.Add(tt.after), tt.ingress, tt.hops, []byte(tt.body)); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	for i := range 10 * MaxRouters {
		f.Forward(at, fmt.Sprint(i), 1, []byte("x"))
		if len(f.seen) > 2*MaxRouters {
			t.Fatalf("%d routers kept", len(f.seen))
		}
	}
}
