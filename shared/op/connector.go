package op

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/validate"
)

// Workloads finds the pods of a workload. Only sites in a cluster have it.
type Workloads interface {
	// Selector is the label selector of the pods of a workload; kind is deployment, service, daemonset or statefulset.
	// fault.Missing if there is no such workload.
	Selector(ctx context.Context, kind, name string) (string, error)
}

// Target is where the servers of a connector are. Exactly one field is set.
type Target struct {
	Host     string
	Selector string // label selector of pods
	Workload string // TYPE/NAME
}

// workloadKinds are what a workload can be.
var workloadKinds = []string{"deployment", "service", "daemonset", "statefulset"}

// shortKinds are the short names of workloads that kubectl has.
var shortKinds = map[string]string{"deploy": "deployment", "svc": "service", "ds": "daemonset", "sts": "statefulset"}

// workloadKind is the kind that a word means to kubectl: in any case, in the plural, short or with its group, as "kubectl get -o name"
// prints it.
func workloadKind(word string) string {
	word, _, _ = strings.Cut(strings.ToLower(word), ".")
	return orElse(shortKinds[word], strings.TrimSuffix(word, "s"))
}

var workloadName = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?$`)

func (t Target) check(f *faults) {
	var given []string
	for _, g := range []struct{ flag, value string }{{"host", t.Host}, {"selector", t.Selector}, {"workload", t.Workload}} {
		if g.value != "" {
			given = append(given, g.flag)
		}
	}
	if len(given) > 1 {
		f.add("%s are given, want one of them only", strings.Join(given, " and "))
	}
	if t.Host != "" {
		f.is("host", validate.Host(t.Host))
	}
	if t.Selector != "" {
		f.is("selector", validate.Selector(t.Selector))
	}
	if t.Workload != "" {
		kind, name, ok := strings.Cut(strings.ToLower(t.Workload), "/")
		if !ok || !workloadName.MatchString(name) {
			f.add("workload is %q, want TYPE/NAME", t.Workload)
		} else {
			f.oneOf("workload type", workloadKind(kind), workloadKinds...)
		}
	}
}

// resolve turns a workload into the selector of its pods.
func (t Target) resolve(ctx context.Context, p Ports) (Target, error) {
	if t.Workload == "" {
		return t, nil
	}
	kind, name, _ := strings.Cut(t.Workload, "/")
	if p.Workloads == nil {
		return t, fmt.Errorf("find workload %s: this site has none", t.Workload)
	}
	selector, err := p.Workloads.Selector(ctx, workloadKind(kind), name)
	if err != nil {
		return t, fmt.Errorf("find workload %s: %w", t.Workload, err)
	}
	return Target{Selector: selector}, nil
}

// CreateConnector makes servers of this site a service of the network.
type CreateConnector struct {
	Name            string
	Port            int    // 1 to 65535
	RoutingKey      string // empty: the name
	Target          Target // nothing set: pods with the label app=NAME
	IncludeNotReady bool   // use pods that are not ready
	Credential      string // name of the secret for TLS with servers; empty: no TLS
	Type            string // tcp
	UseClientCert   bool   // show the certificate of Credential to the servers
	VerifyHostname  bool   // the servers' certificate must be for their host
	ExposePods      bool   // offer each pod under its own name too
	Namespace       string // put into the resource; may be empty
	Wait            Wait
}

// Check finds everything wrong with the fields.
func (c CreateConnector) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	f.is("port", validate.Port(c.Port))
	if c.RoutingKey != "" {
		f.is("routing-key", validate.RoutingKey(c.RoutingKey))
	}
	c.Target.check(&f)
	if c.Credential != "" {
		f.is("tls-credentials", validate.Name(c.Credential))
	}
	f.oneOf("type", c.Type, v2alpha1.TypeTCP)
	c.Wait.check(&f)
	return f.err
}

// Object is the connector as a resource. A workload is not in it: that takes a cluster to find.
func (c CreateConnector) Object() *v2alpha1.Connector {
	o := &v2alpha1.Connector{ObjectMeta: metav1.ObjectMeta{Name: c.Name, Namespace: c.Namespace}}
	v2alpha1.SetTypeMeta(o)
	o.Spec = v2alpha1.ConnectorSpec{RoutingKey: orElse(c.RoutingKey, c.Name), Host: c.Target.Host, Selector: c.Target.Selector, Port: c.Port,
		TLSCredentials: c.Credential, Type: c.Type, IncludeNotReadyPods: c.IncludeNotReady,
		UseClientCert: c.UseClientCert, VerifyHostname: c.VerifyHostname, ExposePodsByName: c.ExposePods}
	if c.Target == (Target{}) {
		o.Spec.Selector = "app=" + c.Name
	}
	return o
}

// Run makes the connector and waits for it to take effect. It is safe to run again.
func (c CreateConnector) Run(ctx context.Context, p Ports, say Progress) (did Changed, err error) {
	if err := needSecret(ctx, p, c.Credential); err != nil {
		return did, err
	}
	if c.Target, err = c.Target.resolve(ctx, p); err != nil {
		return did, err
	}
	if did, err = create(ctx, p.Store, c.Object()); err != nil {
		return did, err
	}
	err = takeEffect(ctx, p, &did, c.Wait, say)
	did.Notes = append(did.Notes, unreached(ctx, p, did.Object)...)
	return did, err
}

// unreached notes that there is no server where a connector says: it may come later, but a slip is more likely.
func unreached(ctx context.Context, p Ports, made v2alpha1.Object) []string {
	c, ok := made.(*v2alpha1.Connector)
	if !ok || p.Prober == nil || c.Spec.Host == "" {
		return nil
	}
	if err := p.Prober.Probe(ctx, c.Spec.Host, c.Spec.Port); err != nil && ctx.Err() == nil {
		return []string{fmt.Sprintf("no server answers at %s now: %v", Address(c.Spec.Host, c.Spec.Port), err)}
	}
	return nil
}

// UpdateConnector changes what is given of a connector, and nothing else.
type UpdateConnector struct {
	Name            string
	Port            *int // 1 to 65535
	RoutingKey      *string
	Target          Target // nothing set: as it is
	IncludeNotReady *bool
	Credential      *string // empty: no TLS any more
	Type            *string
	UseClientCert   *bool
	VerifyHostname  *bool
	ExposePods      *bool
	Wait            Wait
}

// Check finds everything wrong with the fields.
func (c UpdateConnector) Check() error {
	var f faults
	f.is("name", validate.Name(c.Name))
	checkService(&f, c.Port, c.RoutingKey, c.Credential, c.Type)
	c.Target.check(&f)
	if c == (UpdateConnector{Name: c.Name, Wait: c.Wait}) {
		f.add("nothing to change is given")
	}
	c.Wait.check(&f)
	return f.err
}

// Run changes the connector and waits for it to take effect.
func (c UpdateConnector) Run(ctx context.Context, p Ports, say Progress) (did Changed, err error) {
	if c.Credential != nil {
		if err := needSecret(ctx, p, *c.Credential); err != nil {
			return did, err
		}
	}
	if c.Target, err = c.Target.resolve(ctx, p); err != nil {
		return did, err
	}
	did, err = patch(ctx, p.Store, v2alpha1.KindConnector, c.Name, func(o *v2alpha1.Connector) error {
		set(&o.Spec.Port, c.Port)
		set(&o.Spec.RoutingKey, c.RoutingKey)
		set(&o.Spec.TLSCredentials, c.Credential)
		set(&o.Spec.Type, c.Type)
		set(&o.Spec.IncludeNotReadyPods, c.IncludeNotReady)
		set(&o.Spec.UseClientCert, c.UseClientCert)
		set(&o.Spec.VerifyHostname, c.VerifyHostname)
		set(&o.Spec.ExposePodsByName, c.ExposePods)
		if c.Target != (Target{}) { // one excludes the other
			o.Spec.Host, o.Spec.Selector = c.Target.Host, c.Target.Selector
		}
		return nil
	})
	if err != nil {
		return did, err
	}
	err = takeEffect(ctx, p, &did, c.Wait, say)
	did.Notes = append(did.Notes, unreached(ctx, p, did.Object)...)
	return did, err
}
