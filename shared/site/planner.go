package site

type planner struct {
	in  Resources
	obs Observed
	out Desired
}

func newPlan(in Resources, obs Observed) *planner { return &planner{in: in, obs: obs} }

func (p *planner) run() (Desired, error) { return p.out, nil }
