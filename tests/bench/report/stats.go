package report

import (
	"math"
	"slices"
)

// Median is the middle of values, or of the two in the middle their mean. ok is false if there are none.
func Median(values []float64) (m float64, ok bool) {
	if len(values) == 0 {
		return 0, false
	}
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	if n%2 == 1 {
		return s[n/2], true
	}
	return (s[n/2-1] + s[n/2]) / 2, true
}

// Percentile is the smallest of sorted values that at least a share p of them, from 0 to 1, does not exceed (nearest rank).
// It is the zero value if there are none.
func Percentile[T any](sorted []T, p float64) (v T) {
	if len(sorted) == 0 {
		return v
	}
	rank := int(math.Ceil(p*float64(len(sorted)) - 1e-9)) // 0.99 × 100 is a little more than 99
	return sorted[min(max(rank, 1), len(sorted))-1]
}
