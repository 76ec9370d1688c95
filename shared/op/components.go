package op

import "context"

// Component is one of the programs that a site consists of.
type Component struct {
	Component string `json:"component"` // "router", "controller"
	Version   string `json:"version"`   // an image, or the version of a program
	Where     string `json:"where,omitempty"`
}

// Components finds what a site consists of.
type Components interface {
	// Components gives what runs, sorted; what cannot be seen is left out, unless that is all.
	Components(ctx context.Context) ([]Component, error)
}

// Manifest lists what a site consists of.
type Manifest struct{}

// Run looks.
func (Manifest) Run(ctx context.Context, p Ports) ([]Component, error) {
	if p.Components == nil {
		return nil, nil
	}
	return p.Components.Components(ctx)
}
