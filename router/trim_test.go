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
