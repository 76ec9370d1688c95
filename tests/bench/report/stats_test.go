package report

import (
	"math"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		want   float64
		ok     bool
	}{
		{"none", nil, 0, false},
		{"one", []float64{3}, 3, true},
		{"odd", []float64{9, 1, 5}, 5, true},
		{"even", []float64{4, 1, 3, 100}, 3.5, true},
		{"an outlier does not count", []float64{1, 2, 3, 4, 1e9}, 3, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := append([]float64(nil), c.values...)
			got, ok := Median(c.values)
			if got != c.want || ok != c.ok {
				t.Errorf("got %v, %v; want %v, %v", got, ok, c.want, c.ok)
			}
			for i := range before {
				if before[i] != c.values[i] {
					t.Fatal("the values were sorted in place")
				}
			}
		})
	}
}

func TestPercentile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	for _, c := range []struct {
		name   string
		values []int
		p      float64
		want   int
	}{
		{"none", nil, 0.5, 0},
		{"one", []int{7}, 0.99, 7},
		{"least", hundred, 0, 1},
		{"half", hundred, 0.50, 50},
		{"99 of 100", hundred, 0.99, 99},
		{"all", hundred, 1, 100},
		{"more than all", hundred, 2, 100},
		{"half of two", []int{1, 2}, 0.5, 1},
		{"99 of 99", hundred[:99], 0.99, 99},
		{"half of three", []int{1, 2, 3}, 0.5, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Percentile(c.values, c.p); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestShort(t *testing.T) {
	for in, want := range map[float64]float64{0: 0, 1234567: 1234570, 1.23456789: 1.23457, math.Inf(1): 0, math.Inf(-1): 0} {
		if got := short(in); got != want {
			t.Errorf("%v: got %v, want %v", in, got, want)
		}
	}
	if got := short(math.NaN()); got != 0 {
		t.Errorf("NaN: got %v", got)
	}
}
