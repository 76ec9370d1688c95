package install

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/kubestore"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/op"
)

// Done is what was done to one object.
type Done struct {
	Kind string `json:"kind"` // with its group: "deployment.apps"
	Name string `json:"name"`
	Did  string `json:"did"`
}

// Named tells what was done to an object, which it names as kubectl does.
func Named(o *unstructured.Unstructured, did string) Done {
	r := resourceOf(o)
	kind := lowered(o.GetKind())
	if r.Group != "" {
		kind += "." + r.Group
	}
	return Done{kind, o.GetName(), did}
}

func lowered(kind string) string {
	b := []byte(kind)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// resourceOf is the resource of a kind that this package deals with, all of which have regular plurals.
func resourceOf(o *unstructured.Unstructured) schema.GroupVersionResource {
	plural, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind())
	return plural
}

// cluster is a client whose errors are explained.
type cluster struct{ client dynamic.Interface }

func (c cluster) of(o *unstructured.Unstructured) dynamic.ResourceInterface {
	if ns := o.GetNamespace(); ns != "" {
		return c.client.Resource(resourceOf(o)).Namespace(ns)
	}
	return c.client.Resource(resourceOf(o))
}

func explain(ctx context.Context, verb string, o *unstructured.Unstructured, err error) error {
	return kubestore.Explain(ctx, verb, resourceOf(o).GroupResource(), o.GetName(), o.GetNamespace(), err)
}

// get is the object as the cluster has it, nil if it does not.
func (c cluster) get(ctx context.Context, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	now, err := c.of(o).Get(ctx, o.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // absence is an answer
	}
	return now, explain(ctx, "get", o, err)
}

// lookAgain is how often is looked where nothing announces a change.
const lookAgain = time.Second

// quiet is how long a wait may last without a word.
const quiet = 300 * time.Millisecond

// judge tells of an object, nil if there is none, whether it is as wanted, and what is missing. Its error ends the wait.
type judge func(ctx context.Context, now *unstructured.Unstructured) (ok bool, missing string, err error)

// await watches an object until it is as wanted or ctx ends, and says what is missing as that changes.
func (c cluster) await(ctx context.Context, o *unstructured.Unstructured, what string, say op.Progress, judge judge) error {
	var events <-chan watch.Event
	if w, err := c.of(o).Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + o.GetName()}); err == nil {
		defer w.Stop()
		events = w.ResultChan() // without the right to watch, looking again is all there is
	}
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	start, said := time.Now(), ""
	for {
		now, err := c.get(ctx, o)
		ok, missing := false, ""
		if err == nil {
			ok, missing, err = judge(ctx, now)
		}
		if ok || err != nil && ctx.Err() == nil {
			return err
		}
		if full := what + ": " + missing; say != nil && full != said && missing != "" && time.Since(start) >= quiet {
			say(full)
			said = full
		}
		select {
		case <-ctx.Done():
			switch {
			case missing == "":
				return fmt.Errorf("wait for %s: %w", what, ctx.Err())
			case errors.Is(ctx.Err(), context.DeadlineExceeded): // is told by how long it was
				return fmt.Errorf("wait for %s: %s", what, missing)
			}
			return fmt.Errorf("wait for %s: %s: %w", what, missing, ctx.Err())
		case _, open := <-events:
			if !open {
				events = nil
			}
		case <-tick.C:
		}
	}
}

// inTime turns the end of our time, not the caller's, into a fault.Late.
func inTime(ctx, within context.Context, timeout time.Duration, err error, hint string) error {
	if err == nil || within.Err() == nil || ctx.Err() != nil {
		return err
	}
	return fault.Wrap(fault.Late, fmt.Sprintf("not done after %s", op.Span(timeout)), err, hint)
}
