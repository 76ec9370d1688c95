package report

// Figures are lines by metric, target and round. Lines that are errors are not in.
type Figures struct {
	Metrics []string // in the order in which they came
	units   map[string]string
	values  map[string]map[string]map[int]float64
	noise   map[string][]float64 // by metric
}

// Collect sorts lines. If there are several of one metric, target and round, the last one counts.
func Collect(lines []Line) *Figures {
	f := &Figures{units: map[string]string{}, values: map[string]map[string]map[int]float64{}, noise: map[string][]float64{}}
	for _, l := range lines {
		if l.Err != "" {
			continue
		}
		targets := f.values[l.Metric]
		if targets == nil {
			targets = map[string]map[int]float64{}
			f.values[l.Metric] = targets
			f.Metrics = append(f.Metrics, l.Metric)
			f.units[l.Metric] = l.Unit
		}
		if targets[l.Target] == nil {
			targets[l.Target] = map[int]float64{}
		}
		targets[l.Target][l.Round] = l.Value
		f.noise[l.Metric] = append(f.noise[l.Metric], l.Noise)
	}
	return f
}

// Has tells whether there is any figure of a target.
func (f *Figures) Has(target string) bool {
	for _, targets := range f.values {
		if len(targets[target]) > 0 {
			return true
		}
	}
	return false
}

// Median is that of all rounds.
func (f *Figures) Median(metric, target string) (float64, bool) {
	var all []float64
	for _, v := range f.values[metric][target] {
		all = append(all, v)
	}
	return Median(all)
}

// Ratio is the median of the ratios of target to base within each round: what is measured back to back has seen the same
// noise, so these vary less than the figures themselves. Rounds in which base is 0 do not count.
func (f *Figures) Ratio(metric, target, base string) (float64, bool) {
	var all []float64
	for round, v := range f.values[metric][target] {
		if b := f.values[metric][base][round]; b != 0 {
			all = append(all, v/b)
		}
	}
	return Median(all)
}

// Noise is the greatest that any figure of a metric has seen, in cores.
func (f *Figures) Noise(metric string) float64 {
	var most float64
	for _, n := range f.noise[metric] {
		most = max(most, n)
	}
	return most
}
