package router

import (
	"testing"
	"time"
)

func TestTrim(t *testing.T) {
	now := time.Unix(1000, 0)
	for _, tc := range []struct {
		name string
		open []int // one look a second
		want int   // trims
	}{
		{"a crowd that goes", []int{0, 500, 100, 100, 100, 100}, 1},
		{"too few", []int{0, 499, 0, 0, 0, 0}, 0},
		{"still many", []int{0, 1000, 251, 251, 251, 251}, 0},
		{"comes back before it is quiet", []int{0, 1000, 10, 900, 10, 900, 10}, 0},
		{"twice", []int{600, 0, 0, 0, 600, 0, 0, 0}, 2},
		{"what is left of it", []int{600, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			trims := 0
			var tr trimmer
			for i, n := range tc.open {
				tr.look(now.Add(time.Duration(i)*time.Second), n, func() { trims++ })
			}
			if trims != tc.want {
				t.Errorf("trimmed %d times, want %d", trims, tc.want)
			}
		})
	}
}

// TestSlack: memory is given back when much is there that nothing needs, not while something goes on, and not again for what stays.
func TestSlack(t *testing.T) {
	var s slack
	now, allocated, ran := time.Unix(1000, 0), uint64(0), 0
	look := func(heap, more uint64, want int) {
		t.Helper()
		now, allocated = now.Add(slackWindow), allocated+more<<20
		s.look(now, heap<<20, allocated, func() { ran++ })
		if ran != want {
			t.Errorf("memory was given back %d times, want %d", ran, want)
		}
	}
	look(10, 10, 0)
	look(10, 1, 0)
	look(200, 500, 0) // something goes on
	look(200, 1, 1)
	look(20, 1, 1)
	look(21, 1, 1)
	look(120, 500, 1)
	look(120, 1, 2)
	look(120, 1, 2) // it is needed
	look(120, 1, 2)
	look(30, 100, 2)
	look(100, 1, 3)
}
