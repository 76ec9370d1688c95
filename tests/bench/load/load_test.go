package load

import (
	"os"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/tests/bench/proc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// straight is a client of a server without any tunnel between.
func straight(t *testing.T) (*Client, *Server) {
	t.Helper()
	var ports proc.Ports
	port, err := ports.Next()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Serve(t.Context(), "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for end := time.Now().Add(5 * time.Second); s.Open() > 0; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Errorf("%d connections are still open", s.Open())
				break
			}
		}
		s.Close()
	})
	return &Client{Addr: "127.0.0.1:" + port, Server: "127.0.0.1:" + port}, s
}

func TestBulk(t *testing.T) {
	c, _ := straight(t)
	for _, down := range []bool{false, true} {
		b, err := c.Bulk(t.Context(), 3, down, 20*time.Millisecond, 100*time.Millisecond)
		if err != nil || b.Octets < chunk || b.Spent.Wall < 100*time.Millisecond {
			t.Errorf("down %v: %+v, %v", down, b, err)
		}
	}
}

// TestBulkSeesALostFlow has the server go away in the middle.
func TestBulkSeesALostFlow(t *testing.T) {
	for _, down := range []bool{false, true} {
		c, s := straight(t)
		time.AfterFunc(50*time.Millisecond, s.Close)
		if b, err := c.Bulk(t.Context(), 2, down, 20*time.Millisecond, 200*time.Millisecond); err == nil {
			t.Errorf("down %v: no error, %+v", down, b)
		}
	}
}

func TestSinkCounts(t *testing.T) {
	c, _ := straight(t)
	count, done, err := c.sunk(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	n, end, err := c.open(t.Context(), wantSink)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	if _, err := n.Write(make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); ; {
		got, err := count()
		if err != nil {
			t.Fatal(err)
		}
		if got == 100_000 { // the octet that said what for does not count
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d octets", got)
		}
	}
}

func TestTripsAndVisits(t *testing.T) {
	c, _ := straight(t)
	c.PIDs = []int{os.Getpid()}
	trips, err := c.Trips(t.Context(), 5, 64, 100*time.Millisecond)
	if err != nil || len(trips.Took) < 5 || !slices.IsSorted(trips.Took) || trips.Spent.Wall > 5*time.Second {
		t.Errorf("trips: %d, %+v, %v", len(trips.Took), trips.Spent, err)
	}
	visits, err := c.Visits(t.Context(), 3, 100*time.Millisecond)
	if err != nil || len(visits.Took) < 3 || visits.Took[0] <= 0 {
		t.Errorf("visits: %d, %+v, %v", len(visits.Took), visits.Spent, err)
	}
}

func TestIdle(t *testing.T) {
	c, s := straight(t)
	held := c.Idle()
	defer held.Close()
	for _, n := range []int{3, 50} {
		if err := held.Grow(t.Context(), n); err != nil || s.Open() != n {
			t.Fatalf("%d are open, want %d: %v", s.Open(), n, err)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	c := &Client{Addr: "127.0.0.1:1", Server: "127.0.0.1:1"}
	if err := Probe(t.Context(), c.Addr); err == nil {
		t.Error("probe")
	}
	if _, err := c.Visits(t.Context(), 2, 20*time.Millisecond); err == nil {
		t.Error("visits")
	}
	if _, err := c.Trips(t.Context(), 2, 64, 20*time.Millisecond); err == nil {
		t.Error("trips")
	}
	if err := c.Idle().Grow(t.Context(), 5); err == nil {
		t.Error("idle")
	}
	if _, err := c.Bulk(t.Context(), 2, false, 0, 20*time.Millisecond); err == nil {
		t.Error("bulk")
	}
}
