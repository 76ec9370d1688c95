package controller

import (
	"cmp"
	"context"
	"fmt"
	"regexp"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// podOfDeployment is how Deployments call their pods.
var podOfDeployment = regexp.MustCompile(`^(\S+)-[a-z0-9]{9,10}-[a-z0-9]{5}$`)

// nameOf is the controller's name: the one given, that of the Deployment it is a pod of, that of the pod, or the usual one.
func nameOf(ctx context.Context, reader client.Reader, o Options) (string, error) {
	if o.Name != "" {
		return o.Name, nil
	}
	if m := podOfDeployment.FindStringSubmatch(o.Host); m != nil {
		var d appsv1.Deployment
		err := reader.Get(ctx, types.NamespacedName{Namespace: o.Namespace, Name: m[1]}, &d)
		switch {
		case err == nil:
			return d.Name, nil
		case !apierrors.IsNotFound(err):
			return "", fmt.Errorf("find out which Deployment pod %s is of: %w; next: set CONTROLLER_NAME", o.Host, err)
		}
	}
	return cmp.Or(o.Host, names.Controller), nil
}
