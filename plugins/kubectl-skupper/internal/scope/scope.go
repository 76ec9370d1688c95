// Package scope tells which namespaces a controller is responsible for, so that several controllers, also of other makes, can
// share a cluster.
package scope

import "context"

// Scope tells whose a namespace is.
type Scope interface {
	// Controls reports whether this controller acts in a namespace. It reads from a cache and may be asked often.
	Controls(ctx context.Context, namespace string) (bool, error)
}
