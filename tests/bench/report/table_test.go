package report

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// lines are three rounds in which the router takes always half as long, whatever the noise, and one failure.
func lines() []Line {
	return []Line{
		{Round: 1, Target: "gotls", Metric: "lat_1c_p50", Value: 100, Unit: "us", Noise: 0.1},
		{Round: 1, Target: "router", Metric: "lat_1c_p50", Value: 50, Unit: "us", Noise: 0.2},
		{Round: 2, Target: "gotls", Metric: "lat_1c_p50", Value: 1000, Unit: "us", Noise: 1.9},
		{Round: 2, Target: "router", Metric: "lat_1c_p50", Value: 500, Unit: "us", Noise: 1.5},
		{Round: 3, Target: "gotls", Metric: "lat_1c_p50", Value: 200, Unit: "us"},
		{Round: 3, Target: "router", Metric: "lat_1c_p50", Value: 100, Unit: "us"},
		{Round: 3, Target: "gotls", Metric: "thr_up_1f", Err: "no way through"},
		{Round: 1, Target: "router", Metric: "thr_up_1f", Value: 4.56789, Unit: "Gbit/s"},
	}
}

func TestRatioIsWithinARound(t *testing.T) {
	f := Collect(lines()[:5]) // the third round has no figure of the router
	if m, _ := f.Median("lat_1c_p50", "router"); m != 275 {
		t.Errorf("median %v", m)
	}
	if r, ok := f.Ratio("lat_1c_p50", "router", "gotls"); r != 0.5 || !ok {
		t.Errorf("ratio %v, %v", r, ok)
	}
	for _, missing := range [][3]string{{"lat_1c_p50", "router", "skrouterd"}, {"lat_1c_p50", "skrouterd", "gotls"}, {"nothing", "router", "gotls"}} {
		if r, ok := f.Ratio(missing[0], missing[1], missing[2]); ok {
			t.Errorf("%v: ratio %v", missing, r)
		}
	}
	zero := Collect([]Line{{Round: 1, Target: "a", Metric: "m"}, {Round: 1, Target: "b", Metric: "m", Value: 1}})
	if r, ok := zero.Ratio("m", "b", "a"); ok {
		t.Errorf("a ratio to 0 is %v", r)
	}
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	table := Table{Targets: []string{"gotls", "router", "skrouterd"}, Subject: "router", Bases: []string{"gotls", "skrouterd"}}
	if err := table.Print(&b, Collect(lines())); err != nil {
		t.Fatal(err)
	}
	want := `
| metric     | unit   | gotls | router | skrouterd | router/gotls | router/skrouterd | noise |
|------------|--------|------:|-------:|----------:|-------------:|-----------------:|------:|
| lat_1c_p50 | us     |   200 |    100 |         - |         0.50 |                - |  1.90 |
| thr_up_1f  | Gbit/s |     - |   4.57 |         - |            - |                - |  0.00 |
`
	if got := "\n" + b.String(); got != want {
		t.Errorf("got:%s\nwant:%s", got, want)
	}
}

func TestHas(t *testing.T) {
	f := Collect(lines())
	if !f.Has("router") || f.Has("skrouterd") {
		t.Errorf("router %v, skrouterd %v", f.Has("router"), f.Has("skrouterd"))
	}
	if failed := Collect([]Line{{Target: "x", Metric: "m", Err: "no"}}); failed.Has("x") {
		t.Error("a failure is no figure")
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.01234: "0.0123", 1: "1", 12.345: "12.3", 99.94: "99.9", 100: "100", 1234.5: "1234", -250: "-250"} {
		if got := Number(v); got != want {
			t.Errorf("%v: got %q, want %q", v, got, want)
		}
	}
}

func TestLinesAreKept(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("{\"cores\":2}\n") // what is no figure is left out
	if err := Write(&b, lines()...); err != nil {
		t.Fatal(err)
	}
	got, err := Read(&b)
	if want := lines(); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v\nwant %v", got, err, want)
	}
	if got, err := Read(strings.NewReader("{\"metric\":\"m\"}\n{")); len(got) != 1 || err == nil {
		t.Errorf("half a line: got %v, %v", got, err)
	}
}
