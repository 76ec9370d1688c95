package scope

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/names"
)

// Control is the scope of a controller that goes by the ConfigMaps "skupper" of the namespaces.
type Control struct {
	Reader   client.Reader // a cache: it is asked often
	Identity string        // namespace/name of the controller
	Explicit bool          // only namespaces that name the controller are its own
}

// Controls reports whether the namespace is this controller's: the one that its ConfigMap names acts there; where there is
// none, one that needs no explicit word does.
func (c Control) Controls(ctx context.Context, namespace string) (bool, error) {
	var cm corev1.ConfigMap
	err := c.Reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: names.ControlMap}, &cm, client.UnsafeDisableDeepCopyOption(true))
	switch {
	case apierrors.IsNotFound(err):
		return !c.Explicit, nil
	case err != nil:
		return false, fmt.Errorf("read whose namespace %s is: %w", namespace, err)
	}
	return c.named(namespace, cm.Data), nil
}

// named judges the data of the ConfigMap. A name without a namespace is that of a controller in the same one.
func (c Control) named(namespace string, data map[string]string) bool {
	who, ok := data[names.ControlKey]
	if !ok {
		return !c.Explicit
	}
	if !strings.Contains(who, "/") {
		who = namespace + "/" + who
	}
	return who == c.Identity
}
