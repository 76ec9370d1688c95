package router

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/skupper-plugins/suite/router/internal/limits"
)

// TestRequestsTakeTurns: peers are answered by turns, each in the order in which it asked.
func TestRequestsTakeTurns(t *testing.T) {
	q := &requests{wake: make(chan struct{}, 1)}
	for i := range 3 {
		q.put("many", fmt.Append(nil, "m", i))
	}
	q.put("few", []byte("f0"))
	var got []string
	for req := q.take(); req != nil; req = q.take() {
		got = append(got, string(req))
	}
	if fmt.Sprint(got) != "[m0 f0 m1 m2]" || q.n+q.octets != 0 {
		t.Errorf("%v, and %d requests are left", got, q.n)
	}
}

// TestTooManyRequests: the oldest of the peer that has the most give way, in number or in octets.
func TestTooManyRequests(t *testing.T) {
	for name, size := range map[string]int{"many": 10, "large": 100_000} {
		t.Run(name, func(t *testing.T) {
			q := &requests{wake: make(chan struct{}, 1)}
			q.put("few", []byte("mine"))
			lost := map[string]int{}
			for range 10 * limits.MaxRequests {
				if gone := q.put("many", bytes.Repeat([]byte{'x'}, size)); gone != "" {
					lost[gone]++
				}
			}
			if q.n > limits.MaxRequests || q.octets > limits.MaxRequestOctets || lost["many"] == 0 || lost["few"] != 0 {
				t.Errorf("%d requests of %d octets wait, of each were lost %v", q.n, q.octets, lost)
			}
			if req := q.take(); string(req) != "mine" {
				t.Errorf("first comes %.20q", req)
			}
		})
	}
}
