package kubehost

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/skupper-plugins/suite/shared/fault"
)

const lookAtContexts = "`kubectl config get-contexts` lists the contexts there are"

// nowhere tells that the address of the cluster is not anybody's choice: without any configuration kubectl asks localhost:8080.
func (h Host) nowhere(flags *genericclioptions.ConfigFlags, config *rest.Config) bool {
	raw, err := flags.ToRawKubeConfigLoader().RawConfig()
	return err == nil && len(raw.Clusters) == 0 && *flags.APIServer == "" && h.getenv("KUBERNETES_MASTER") == "" && config.Host == clientcmd.ClusterDefaults.Server
}

func noCluster() error {
	return fault.New(fault.Usage, "there is no cluster to talk to: no kubeconfig names one", "name a file with --kubeconfig or $KUBECONFIG; "+lookAtContexts)
}

// badConfig explains why the configuration cannot be used. client-go has no types for most of what can be wrong with it.
func badConfig(flags *genericclioptions.ConfigFlags, err error) error {
	raw, rawErr := flags.ToRawKubeConfigLoader().RawConfig()
	switch {
	case rawErr != nil && errors.Is(rawErr, fs.ErrNotExist):
		return fault.New(fault.Usage, fmt.Sprintf("there is no kubeconfig %s", *flags.KubeConfig), "name another file with --kubeconfig")
	case rawErr != nil:
		return fault.Wrap(fault.Usage, "read the kubeconfig", oneLine(rawErr), "`kubectl config view`")
	}
	name := *flags.Context
	if name != "" {
		if _, ok := raw.Contexts[name]; !ok {
			return fault.New(fault.Usage, fmt.Sprintf("there is no context %q in the kubeconfig%s", name, among(slices.Sorted(maps.Keys(raw.Contexts)))), lookAtContexts)
		}
	} else if name = raw.CurrentContext; name == "" && len(raw.Contexts) > 0 && clientcmd.IsEmptyConfig(err) {
		return fault.New(fault.Usage, "the kubeconfig has no current context"+among(slices.Sorted(maps.Keys(raw.Contexts))), "`kubectl config use-context NAME`, or add --context NAME")
	}
	if clientcmd.IsEmptyConfig(err) {
		return noCluster()
	}
	return fault.Wrap(fault.Usage, fmt.Sprintf("the kubeconfig cannot be used with context %q", name), oneLine(err), "`kubectl config view --minify`")
}

// among lists the names that would have done, unless there are too many to be of help.
func among(names []string) string {
	const most = 8
	if len(names) == 0 || len(names) > most {
		return ""
	}
	return ", which has " + strings.Join(names, ", ")
}

func oneLine(err error) error { return errors.New(strings.Join(strings.Fields(err.Error()), " ")) }
