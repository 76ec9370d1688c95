package site

import (
	"context"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// Store keeps the resources of one namespace: the kinds of the group and secrets. All methods are safe for concurrent
// use. Objects returned are the caller's own; objects given are not kept. A kind that does not exist is a fault.Usage.
//
// sitetest.TestStore checks an implementation.
type Store interface {
	// Namespace is the name of the namespace, never empty.
	Namespace() string
	// Get is the resource with its type meta set; fault.Missing if there is none.
	Get(ctx context.Context, kind, name string) (v2alpha1.Object, error)
	// List is all resources of a kind, sorted by name; of all kinds, sorted by kind and name, if kind is empty. No
	// resources is not an error.
	List(ctx context.Context, kind string) ([]v2alpha1.Object, error)
	// Create adds a resource; fault.Conflict if it exists. The namespace may be empty or that of the store. UID,
	// generation (1) and creation time are set if they are not, also in obj. Whether a status is kept is the store's affair.
	Create(ctx context.Context, obj v2alpha1.Object) error
	// Update reads the resource, lets change edit metadata and spec, and writes it back as one step; change may run
	// more than once. Changes of the status, name, namespace, UID and creation time are ignored; the generation grows
	// when the spec changed. Fields that this program does not know survive. fault.Missing if there is none. If change
	// fails, nothing is written and its error is returned.
	Update(ctx context.Context, kind, name string, change func(v2alpha1.Object) error) (v2alpha1.Object, error)
	// UpdateStatus is Update for the status alone. It writes nothing if nothing changed.
	UpdateStatus(ctx context.Context, kind, name string, change func(v2alpha1.Object) error) error
	// Delete removes the resource; fault.Missing if there is none.
	Delete(ctx context.Context, kind, name string) error
	// Watch sends once at the start and after each change; events not yet received are merged. The channel is closed
	// when ctx ends.
	Watch(ctx context.Context) (<-chan Event, error)
}

// Event says what changed. The zero value means: something did, look at everything.
type Event struct{ Kind, Name string }
