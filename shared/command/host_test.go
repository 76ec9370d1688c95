package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
	"github.com/skupper-plugins/suite/shared/site/sitetest"
)

// fakeHost is a host tool over a store in memory.
type fakeHost struct {
	can    host.Capabilities
	store  *sitetest.Memory
	ports  func(*op.Ports)
	opened int
	closed int
}

// local is a host that runs sites itself; cluster one where a controller does.
func local(objs ...v2alpha1.Object) *fakeHost {
	h := &fakeHost{can: host.Capabilities{System: true, ListenerHost: "0.0.0.0", ConnectorHost: "localhost"}, store: sitetest.NewMemory(objs...)}
	h.ports = func(p *op.Ports) { p.System = &system{store: h.store} }
	return h
}

func cluster(objs ...v2alpha1.Object) *fakeHost {
	return &fakeHost{can: host.Capabilities{Pods: true, HA: true, AccessTypes: []string{"route", "loadbalancer", "default"}}, store: sitetest.NewMemory(objs...)}
}

func (h *fakeHost) Command() string                 { return "test skupper" }
func (h *fakeHost) Version() string                 { return "v1.2.3" }
func (h *fakeHost) Capabilities() host.Capabilities { return h.can }
func (h *fakeHost) Namespace(c *cli.Context) string { return c.String("namespace") }

func (h *fakeHost) Flags() []cli.Flag {
	return []cli.Flag{&cli.StringFlag{Name: "namespace", Usage: "`NAME` of the namespace"}, &cli.IntFlag{Name: "depth", Usage: "a `NUMBER`", Hidden: true}}
}

func (h *fakeHost) OutputFlags(m host.Manner) []cli.Flag {
	return []cli.Flag{&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "`FORMAT`: json or yaml"}}
}

func (h *fakeHost) CheckFlags(c *cli.Context) error {
	switch o := c.String("output"); o {
	case "", "json", "yaml":
		return nil
	default:
		return fmt.Errorf("output is %q, want json or yaml", o)
	}
}

// CompleteFlag knows the namespaces; another flag of the line decides which.
func (h *fakeHost) CompleteFlag(_ context.Context, c *cli.Context, flag string) ([]string, bool) {
	switch {
	case flag != "namespace":
		return nil, false
	case c.Int("depth") > 2:
		return []string{"east", "west", "deep"}, true
	}
	return []string{"east", "west"}, true
}

func (h *fakeHost) Open(context.Context, *cli.Context) (*host.Site, error) {
	h.opened++
	s := &host.Site{Ports: op.Ports{Store: h.store}, Namespace: "default", Platform: "linux", Close: func() error { h.closed++; return nil }}
	if h.ports != nil {
		h.ports(&s.Ports)
	}
	return s, nil
}

func (h *fakeHost) Print(c *cli.Context, s host.Streams, v host.View) error {
	if f := c.String("output"); f != "" {
		return host.PrintAs(s, f, v)
	}
	return host.Text{Heading: true, Result: func(v host.View) string { return v.Kind + "/" + v.Name + " " + v.Verb }}.Print(s, v)
}

// system is a local system whose agent makes everything ready as soon as it is woken.
type system struct {
	store *sitetest.Memory
}

func (s *system) Start(ctx context.Context) error          { _, err := s.Wake(ctx); return err }
func (s *system) Stop(context.Context) error               { return nil }
func (s *system) Reload(context.Context) ([]string, error) { return nil, nil }
func (s *system) Install(context.Context) error            { return nil }
func (s *system) Uninstall(_ context.Context, force bool) error {
	if !force {
		return errors.New("site west runs")
	}
	return nil
}
func (s *system) Status(context.Context) (op.SystemStatus, error) {
	return op.SystemStatus{Namespace: "default", Platform: "linux", Home: "/home/u/x", Site: "west", Agent: op.Process{Running: true, PID: 7},
		Router: op.Process{Detail: "exit status 1"}, Notes: []string{"the router ended 3 times"}}, nil
}

func (s *system) Settle(ctx context.Context) (bool, error) { return s.Wake(ctx) }

func (s *system) Wake(ctx context.Context) (bool, error) {
	all, err := s.store.List(ctx, "")
	for _, o := range all {
		if v2alpha1.StatusOf(o) == nil {
			continue
		}
		err = errors.Join(err, s.store.UpdateStatus(ctx, v2alpha1.KindOf(o), o.GetName(), func(o v2alpha1.Object) error { ready(o); return nil }))
	}
	return false, err
}

func ready(o v2alpha1.Object) {
	for _, c := range []string{v2alpha1.ConditionConfigured, v2alpha1.ConditionRunning, v2alpha1.ConditionResolved, v2alpha1.ConditionMatched, v2alpha1.ConditionOperational} {
		v2alpha1.SetCondition(time.Unix(0, 0), o, c, nil)
	}
}

// result is what a command line led to.
type result struct {
	code     int
	out, err string
}

func call(t *testing.T, h host.Host, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, err strings.Builder
	code := Main(ctx, h, host.Streams{In: strings.NewReader(stdin), Out: &out, Err: &err}, args)
	return result{code, out.String(), err.String()}
}

func streamsOf(in io.Reader, text io.Writer) host.Streams {
	return host.Streams{In: in, Out: text, Err: text}
}
