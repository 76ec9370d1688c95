package kubehost

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"go.uber.org/multierr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/deploy"
	"github.com/skupper-plugins/suite/plugins/kubectl-skupper/internal/install"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/validate"
)

// What the controller is told by its environment.
const (
	envEnabledTypes = "SKUPPER_ENABLED_ACCESS_TYPES"
	envDefaultType  = "SKUPPER_DEFAULT_ACCESS_TYPE"
	envClusterHost  = "SKUPPER_CLUSTER_HOST"
)

// The values of --dry-run.
const (
	dryClient = "client" // nothing is asked of the cluster
	dryServer = "server" // the cluster is asked what would come of it
)

var pullPolicies = []string{"Always", "IfNotPresent", "Never"}

func scopeFlags(scope string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "scope", Value: scope, Usage: "what the controller looks after, `SCOPE`: cluster (it runs in namespace " +
			deploy.DefaultNamespace + " unless --namespace says otherwise) or namespace (the one it runs in)"},
		&cli.GenericFlag{Name: "dry-run", Value: &choice{words: []string{dryClient, dryServer}}, Usage: "change nothing and show what would be done; `MODE` client (without asking the cluster) or server"},
	}
}

func waitFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "wait", Value: true, Usage: "wait until it is done (--wait=false does not)"},
		&cli.StringFlag{Name: "timeout", Value: "3m", Usage: "give up waiting after `DURATION`"},
	}
}

func (h Host) install(s host.Streams) *cli.Command {
	flags := append(scopeFlags(string(deploy.Cluster)),
		&cli.StringFlag{Name: "image", Usage: "`IMAGE` of the controller (default that of this version)"},
		&cli.StringFlag{Name: "router-image", Usage: "`IMAGE` of routers (default the controller's choice)"},
		&cli.StringFlag{Name: "adaptor-image", Usage: "`IMAGE` of what runs beside routers (default that of the controller)"},
		&cli.StringFlag{Name: "image-pull-policy", Usage: "`POLICY` for all images: Always, IfNotPresent or Never (default by the tag, as Kubernetes does)"},
		&cli.StringSliceFlag{Name: "enable-access-type", Usage: "`TYPE` by which sites may be reached; may be given again, or with commas (default local,loadbalancer,route)"},
		&cli.StringFlag{Name: "link-access-type", Usage: "`TYPE` by which sites are reached that name none (default route where there is such a thing, else loadbalancer)"},
		&cli.StringFlag{Name: "cluster-host", Usage: "`HOST` by which nodes are reached from outside; type nodeport needs it"},
		&cli.StringSliceFlag{Name: "env", Usage: "`NAME=VALUE` for the controller's environment; may be given again"},
		&cli.BoolFlag{Name: "force", Usage: "replace a controller that something else has put there"})
	return h.own(s, own{
		name: "install", usage: "put the controller into the cluster, or change the one that is there", manner: host.Change,
		more: "It needs the rights of an administrator: it defines the resources, and gives the controller its role.\n" +
			"What is so already is left alone, so this can be run again, and with another version it upgrades.\n" +
			"With --dry-run and -o yaml it only prints the resources; with -o alone it installs them, and prints them then.",
		example: "install --dry-run=server",
		flags:   append(flags, waitFlags()...),
		read:    func(c *cli.Context) (func() (host.View, error), error) { return h.readInstall(c, s) },
	})
}

func (h Host) readInstall(c *cli.Context, s host.Streams) (func() (host.View, error), error) {
	o, err := h.options(c)
	timeout, timeoutErr := waitTime(c)
	dry, dryErr := dryRun(c)
	i := install.Install{Options: o, DryRun: dry == dryServer, Force: c.Bool("force"), Wait: c.Bool("wait"), Timeout: timeout}
	return func() (host.View, error) {
		if dry == dryClient || dry == dryServer && c.String("output") != "" {
			return h.wouldInstall(c, i)
		}
		client, where, err := h.client(c, &i.Options)
		if err != nil {
			return host.View{}, err
		}
		fmt.Fprintln(s.Err, intent(i, where))
		did, err := i.Run(c.Context, client, say(s))
		v := h.dones(c, did, i, dry)
		if err == nil && dry == "" {
			v.Next = h.Command() + " site create NAME" + there(c, i.Options)
		}
		return v, err
	}, multierr.Combine(err, timeoutErr, dryErr)
}

// there are the flags that lead to sites of a controller, as far as the user has given any: one of the whole cluster is not for the
// namespace that it runs in.
func there(c *cli.Context, o deploy.Options) (flags string) {
	if o.Scope == deploy.Namespace && c.IsSet("namespace") {
		flags += " --namespace " + o.Namespace
	}
	for _, name := range []string{"context", "kubeconfig"} {
		if c.IsSet(name) {
			flags += " --" + name + " " + c.String(name)
		}
	}
	return flags
}

// intent says what is about to be done, and where: a slip of the context must be seen.
func intent(i install.Install, where string) string {
	whose := "all namespaces"
	if i.Options.Scope == deploy.Namespace {
		whose = "that namespace only"
	}
	verb := "installing"
	if i.DryRun {
		verb = "would install"
	}
	return fmt.Sprintf("%s the definitions of the resources, and in namespace %s a controller of %s, image %s, in %s",
		verb, i.Options.Namespace, whose, i.Options.Images.Controller, where)
}

// wouldInstall shows the resources without asking the cluster.
func (h Host) wouldInstall(c *cli.Context, i install.Install) (host.View, error) {
	h.place(c, &i.Options)
	all, err := i.Objects()
	if err != nil {
		return host.View{}, err
	}
	if c.String("output") != "" {
		return documents(all), nil
	}
	var did []install.Done
	for _, o := range all {
		did = append(did, install.Named(o, "would be applied"))
	}
	return h.dones(c, did, i, dryClient), nil
}

func documents(all []*unstructured.Unstructured) host.View {
	v := host.View{Kind: "install"}
	for _, o := range all {
		v.Documents = append(v.Documents, o.Object)
	}
	return v
}

// dones shows what was done, a line each.
func (h Host) dones(c *cli.Context, did []install.Done, i install.Install, dry string) host.View {
	v := host.View{Lines: []string{}}
	for j := range did {
		if dry != "" {
			did[j].Did += " (" + dry + " dry run)"
		}
		v.Lines = append(v.Lines, did[j].Kind+"/"+did[j].Name+" "+did[j].Did)
	}
	v.Object = did
	if did == nil {
		v.Object = []install.Done{}
	}
	if c.String("output") != "" && c.String("output") != "name" && dry == "" && c.Command.Name == "install" {
		if all, err := i.Objects(); err == nil {
			return documents(all)
		}
	}
	return v
}

func (h Host) uninstall(s host.Streams) *cli.Command {
	flags := append(scopeFlags(""), &cli.BoolFlag{Name: "force", Usage: "delete the definitions even if there are resources, and with them all sites"})
	return h.own(s, own{
		name: "uninstall", usage: "take the controller out of the cluster", manner: host.Change,
		more: "Sites stay, and so do their routers, but nobody looks after them any more: delete them first. Uninstalling again does nothing.\n" +
			"What the controller looks after is found out; with --scope it is refused if it is anything else.",
		example: "uninstall",
		flags:   append(flags, waitFlags()...),
		read: func(c *cli.Context) (func() (host.View, error), error) {
			o, err := scopeOf(c)
			timeout, timeoutErr := waitTime(c)
			dry, dryErr := dryRun(c)
			u := install.Uninstall{Options: o, DryRun: dry != "", Force: c.Bool("force"), Wait: c.Bool("wait"), Timeout: timeout}
			return func() (host.View, error) {
				client, _, err := h.client(c, &u.Options)
				if err != nil {
					return host.View{}, err
				}
				did, notes, err := u.Run(c.Context, client, say(s))
				v := h.dones(c, did, install.Install{}, dry)
				if v.Notes = notes; len(did) == 0 && err == nil {
					v.Notes = append(v.Notes, "there is nothing to uninstall in namespace "+u.Options.Namespace)
				}
				return v, err
			}, multierr.Combine(err, timeoutErr, dryErr)
		},
	})
}

func scopeOf(c *cli.Context) (deploy.Options, error) {
	o := deploy.Options{Scope: deploy.Scope(c.String("scope"))}
	if o.Scope != deploy.Cluster && o.Scope != deploy.Namespace && (o.Scope != "" || c.IsSet("scope")) {
		return o, fmt.Errorf("scope is %q, want %s or %s", o.Scope, deploy.Cluster, deploy.Namespace)
	}
	return o, nil
}

// options reads what the controller is to be like.
func (h Host) options(c *cli.Context) (o deploy.Options, err error) {
	o, err = scopeOf(c)
	o.Images = deploy.Images{Controller: c.String("image"), Router: c.String("router-image"), Adaptor: c.String("adaptor-image")}
	if o.Images.Controller == "" {
		o.Images.Controller = h.image
	}
	if o.Images.Controller == "" {
		err = multierr.Append(err, fmt.Errorf("image is not given, and this build of the plugin knows none (make images builds one, in a checkout)"))
	}
	for _, i := range []struct{ flag, value string }{{"image", o.Images.Controller}, {"router-image", o.Images.Router}, {"adaptor-image", o.Images.Adaptor}} {
		if strings.ContainsAny(i.value, " \t\n") {
			err = multierr.Append(err, fmt.Errorf("%s is %q, want NAME, NAME:TAG or NAME@DIGEST", i.flag, i.value))
		}
	}
	if o.PullPolicy = c.String("image-pull-policy"); o.PullPolicy != "" && !slices.Contains(pullPolicies, o.PullPolicy) {
		err = multierr.Append(err, fmt.Errorf("image-pull-policy is %q, want %s", o.PullPolicy, strings.Join(pullPolicies, ", ")))
	}
	o.Env = map[string]string{}
	for _, e := range c.StringSlice("env") {
		name, value, ok := strings.Cut(e, "=")
		if !ok || name == "" {
			err = multierr.Append(err, fmt.Errorf("env is %q, want NAME=VALUE", e))
			continue
		}
		o.Env[name] = value
	}
	return o, multierr.Append(err, accessOptions(c, o.Env))
}

// accessOptions puts what says how sites are reached into the environment, as far as it can be right.
func accessOptions(c *cli.Context, env map[string]string) (err error) {
	types := slices.DeleteFunc(slices.Clone(accessTypes), func(t string) bool { return t == "default" })
	var enabled []string
	for _, list := range c.StringSlice("enable-access-type") {
		enabled = append(enabled, strings.Split(list, ",")...)
	}
	preferred := c.String("link-access-type")
	if preferred != "" && len(enabled) > 0 && !slices.Contains(enabled, preferred) {
		err = multierr.Append(err, fmt.Errorf("link-access-type is %q, which is not among those of enable-access-type", preferred))
	}
	if preferred != "" && len(enabled) == 0 {
		enabled = []string{"local", "loadbalancer", "route"} // what is enabled otherwise
		if !slices.Contains(enabled, preferred) {
			enabled = append(enabled, preferred)
		}
	}
	for _, t := range enabled {
		if !slices.Contains(types, t) {
			err = multierr.Append(err, fmt.Errorf("access type %q does not exist, want %s", t, strings.Join(types, ", ")))
		}
	}
	node := c.String("cluster-host")
	if node != "" {
		if bad := validate.Host(node); bad != nil {
			err = multierr.Append(err, fmt.Errorf("cluster-host %w", bad))
		}
		env[envClusterHost] = node
	}
	if slices.Contains(enabled, "nodeport") && env[envClusterHost] == "" {
		err = multierr.Append(err, fmt.Errorf("access type nodeport needs --cluster-host"))
	}
	if len(enabled) > 0 {
		env[envEnabledTypes] = strings.Join(enabled, ",")
	}
	if preferred != "" {
		env[envDefaultType] = preferred
	}
	return err
}

func waitTime(c *cli.Context) (time.Duration, error) {
	text := c.String("timeout")
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		text = strconv.FormatUint(n, 10) + "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("timeout is %q, want a duration such as 90 (seconds), 90s or 15m", c.String("timeout"))
	}
	if d < time.Second {
		return 0, fmt.Errorf("timeout is %s, want 1s or more", d)
	}
	return d, nil
}

func dryRun(c *cli.Context) (string, error) {
	v, ok := c.Generic("dry-run").(*choice)
	if !ok {
		return "", nil
	}
	return v.value, v.check("dry-run")
}

// place decides where the controller runs: that of a cluster not in whatever namespace the context happens to have.
func (h Host) place(c *cli.Context, o *deploy.Options) {
	o.Namespace = c.String("namespace")
	if o.Scope != deploy.Namespace && o.Namespace == "" {
		o.Namespace = deploy.DefaultNamespace
	}
	if o.Namespace != "" {
		return
	}
	o.Namespace = "default"
	if flags, err := connection(c); err == nil {
		if ns, _, err := flags.ToRawKubeConfigLoader().Namespace(); err == nil {
			o.Namespace = ns
		}
	}
}

// client is one for the cluster of the flags, and how messages call that. It places the controller.
func (h Host) client(c *cli.Context, o *deploy.Options) (dynamic.Interface, string, error) {
	flags, err := connection(c)
	if err != nil {
		return nil, "", err
	}
	config, _, err := h.config(flags)
	if err != nil {
		return nil, "", err
	}
	h.place(c, o)
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, "", badConfig(flags, err)
	}
	return client, "the cluster at " + config.Host, nil
}
