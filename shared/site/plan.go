package site

// Plan says what has to be done for the resources. It is pure: the same input gives the same output. The error is one
// of the program, such as a configuration that the router would refuse; what is wrong with resources is in their
// statuses.
func Plan(in Resources, obs Observed) (Desired, error) {
	p := newPlan(in, obs)
	return p.run()
}
