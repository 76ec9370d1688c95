//go:build kube

package kube

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/network"
	"github.com/skupper-plugins/suite/router/routertest"
	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/tests/sandbox"
)

// podPrograms are what a router's pod consists of, built once.
var podPrograms = sync.OnceValues(func() (dir string, err error) {
	if dir, err = os.MkdirTemp(filepath.Dir(plugin), "pod-"); err != nil {
		return "", err
	}
	for _, pkg := range []string{"plugins/kubectl-skupper/cmd/skupper-controller", "router/cmd/skupper-router"} {
		if _, err := sandbox.Build(context.Background(), dir, pkg); err != nil {
			return "", err
		}
	}
	return dir, os.Symlink("skupper-controller", filepath.Join(dir, "kube-adaptor"))
})

// routerRole is what the service account of a router may do, and no more.
const routerRole = `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"skupper-router"},"rules":[
	{"apiGroups":[""],"resources":["secrets","pods"],"verbs":["get","list","watch"]},
	{"apiGroups":[""],"resources":["secrets"],"verbs":["update","delete"]},
	{"apiGroups":[""],"resources":["configmaps"],"verbs":["get","list","watch","create","update","delete"]},
	{"apiGroups":["apps"],"resources":["deployments"],"verbs":["get"]},
	{"apiGroups":[""],"resources":["services"],"verbs":["get","list","watch"]},
	{"apiGroups":["coordination.k8s.io"],"resources":["leases"],"verbs":["get","list","watch","create","update","delete"]}]}`

// kubeSite is a namespace with what a controller makes there for a site.
type kubeSite struct {
	*shell
	uid string
	ca  pki.Pair
}

func newKubeSite(t *testing.T, name string) *kubeSite {
	t.Helper()
	s := &kubeSite{shell: newShell(t, server, Editor)}
	s.create("sites", name, `"spec":{}`)
	s.uid = at(s.must("GET", s.path("sites", name), ""), "metadata", "uid").(string)
	s.must("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/"+s.namespace+"/roles", routerRole)
	s.must("POST", "/apis/rbac.authorization.k8s.io/v1/namespaces/"+s.namespace+"/rolebindings", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"r"},
		"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"skupper-router"},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"`+Editor+`"}]}`)
	var err error
	if s.ca, err = pki.NewP256CA("test", time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, group := range []string{"skupper-router", "skupper-router-2"} {
		s.must("POST", "/apis/apps/v1/namespaces/"+s.namespace+"/deployments", fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":%q,
			"ownerReferences":[{"apiVersion":"skupper.io/v2alpha1","kind":"Site","name":%q,"uid":%q}]},
			"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"router","image":"x"}]}}}}`, group, name, s.uid))
	}
	return s
}

func (s *kubeSite) core(parts ...string) string {
	return "/api/v1/namespaces/" + s.namespace + "/" + strings.Join(parts, "/")
}

// put makes an object or replaces it.
func (s *kubeSite) put(plural, name string, object map[string]any) {
	s.t.Helper()
	object["apiVersion"] = "v1"
	meta, _ := object["metadata"].(map[string]any)
	if meta == nil {
		meta = map[string]any{}
		object["metadata"] = meta
	}
	meta["name"] = name
	text, err := json.Marshal(object)
	if err != nil {
		s.t.Fatal(err)
	}
	code, _, err := s.admin.Do(s.t.Context(), "PUT", s.core(plural, name), text)
	if err == nil && code == http.StatusNotFound {
		s.must("POST", s.core(plural), string(text))
	} else if err != nil || code >= 300 {
		s.t.Fatalf("put %s %s: code %d, %v", plural, name, code, err)
	}
}

// credentials makes a Secret with a new pair for profiles.
func (s *kubeSite) credentials(name string, ordinal int, profiles ...string) pki.Pair {
	s.t.Helper()
	pair, err := pki.Issue(s.ca, pki.Request{Subject: name, Hosts: []string{"127.0.0.1", "localhost"}, Server: true, Client: true}, time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	meta := map[string]any{}
	if len(profiles) > 0 {
		var list []string
		for _, p := range profiles {
			list = append(list, fmt.Sprintf(`{"profileName":%q,"ordinal":%d}`, p, ordinal))
		}
		meta["annotations"] = map[string]any{"internal.skupper.io/tls-profile-context": "[" + strings.Join(list, ",") + "]"}
	}
	data := map[string]any{}
	for key, b := range map[string][]byte{"ca.crt": pair.CA, "tls.crt": pair.Cert, "tls.key": pair.Key} {
		data[key] = base64.StdEncoding.EncodeToString(b)
	}
	s.put("secrets", name, map[string]any{"kind": "Secret", "type": "kubernetes.io/tls", "metadata": meta, "data": data})
	return pair
}

// routerPod is a pod of the site: a directory, an adaptor and a router, as processes.
type routerPod struct {
	*kubeSite
	group, name, dir, amqp, health, kubeconfig string
	log                                        *safeBuffer
	adaptor, router                            *exec.Cmd
}

type safeBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func newRouterPod(s *kubeSite, group, name string) *routerPod {
	s.t.Helper()
	mesh := routertest.New(s.t)
	p := &routerPod{kubeSite: s, group: group, name: name, dir: s.t.TempDir(), amqp: mesh.Port(), health: mesh.Port(), kubeconfig: s.file("config"), log: &safeBuffer{}}
	s.t.Cleanup(func() {
		p.kill(&p.adaptor)
		p.kill(&p.router)
		if s.t.Failed() {
			s.t.Logf("log of pod %s:\n%s", name, p.log)
		}
	})
	return p
}

// base is a configuration as upstream's controller begins it, but for the ports.
func (p *routerPod) base(more ...string) string {
	local := p.profile("skupper-local-server", 0)
	base := fmt.Sprintf(`["router",{"id":"west-${HOSTNAME}","mode":"interior","helloMaxAgeSeconds":"3","metadata":"{\"id\":\"%s\",\"version\":\"v2\",\"platform\":\"kubernetes\"}"}],
		["address",{"prefix":"mc","distribution":"multicast"}],["listener",{"name":"amqp","host":"localhost","port":%s}],%s`, p.uid, p.amqp, local)
	return "[" + strings.Join(append([]string{base}, more...), ",") + "]"
}

func (p *routerPod) profile(name string, ordinal int) string {
	dir := filepath.Join(p.dir, name)
	return fmt.Sprintf(`["sslProfile",{"name":%q,"certFile":"%s/tls.crt","privateKeyFile":"%s/tls.key","caCertFile":"%s/ca.crt","ordinal":%d}]`, name, dir, dir, dir, ordinal)
}

func (p *routerPod) configure(text string) {
	p.t.Helper()
	p.put("configmaps", p.group, map[string]any{"kind": "ConfigMap", "data": map[string]any{"skrouterd.json": text},
		"metadata": map[string]any{"labels": map[string]any{"internal.skupper.io/router-config": ""}}})
}

// start runs a program of the pod with the environment that its container has.
func (p *routerPod) start(program string, args ...string) *exec.Cmd {
	p.t.Helper()
	dir, err := podPrograms()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(dir, program), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = p.dir, p.log, p.log, withTest()
	cmd.Env = append(os.Environ(), "HOSTNAME="+p.name, "KUBECONFIG="+p.kubeconfig, "SKUPPER_NAMESPACE="+p.namespace, "SKUPPER_SITE_ID="+p.uid, "SKUPPER_SITE_NAME=west",
		"SKUPPER_ROUTER_CONFIG="+p.group, "SKUPPER_ROUTER_DEPLOYMENT="+p.group, "SKUPPER_CONFIG_DIR="+p.dir, "SKUPPER_PROXY_DIR="+p.dir,
		"QDROUTERD_CONF="+filepath.Join(p.dir, "skrouterd.json"), "QDROUTERD_CONF_TYPE=json")
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	return cmd
}

func (p *routerPod) kill(cmd **exec.Cmd) {
	if *cmd != nil {
		_ = (*cmd).Process.Kill()
		_ = (*cmd).Wait()
		*cmd = nil
	}
}

// stop ends a program as the kubelet does.
func (p *routerPod) stop(cmd **exec.Cmd) {
	p.t.Helper()
	_ = (*cmd).Process.Signal(syscall.SIGTERM)
	if err := (*cmd).Wait(); err != nil {
		p.t.Errorf("%s of %s: %v", filepath.Base((*cmd).Path), p.name, err)
	}
	*cmd = nil
}

// init runs the init container to its end.
func (p *routerPod) init() {
	p.t.Helper()
	if err := p.start("kube-adaptor", "-init").Wait(); err != nil {
		p.t.Fatalf("init: %v", err)
	}
}

func (p *routerPod) startRouter() { p.router = p.start("skupper-router") }

func (p *routerPod) startAdaptor() {
	p.adaptor = p.start("kube-adaptor", "-router-url=amqp://localhost:"+p.amqp, "-health-address=127.0.0.1:"+p.health, "-metrics-address=")
}

// boot makes the pod run from nothing.
func (p *routerPod) boot() {
	p.t.Helper()
	p.init()
	p.startRouter()
	p.startAdaptor()
	p.awaitHealth(http.StatusOK)
}

func (p *routerPod) awaitHealth(code int) {
	p.t.Helper()
	routertest.Eventually(p.t, patience, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+p.health+"/healthz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close() // only read
		text, err := io.ReadAll(resp.Body)
		if err == nil && resp.StatusCode != code {
			err = fmt.Errorf("health is %d %s, want %d", resp.StatusCode, text, code)
		}
		return err
	})
}

// live reads the router's configuration.
func (p *routerPod) live(ctx context.Context) (*config.Config, error) {
	c, err := manage.Dial(ctx, manage.Options{URL: "amqp://localhost:" + p.amqp})
	if err != nil {
		return nil, err
	}
	defer c.Close() // it did what it had to
	return c.Config(ctx)
}

// awaitListeners waits until the router has tcpListeners of these names and no others.
func (p *routerPod) awaitListeners(want ...string) {
	p.t.Helper()
	routertest.Eventually(p.t, patience, func(ctx context.Context) error {
		live, err := p.live(ctx)
		if err != nil {
			return err
		}
		var got []string
		for _, l := range live.TCPListeners {
			got = append(got, l.Name)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			return fmt.Errorf("the router has %q, want %q", got, want)
		}
		return nil
	})
}

func bridge(name, port string) string {
	return fmt.Sprintf(`["tcpListener",{"name":"listener/%s","host":"127.0.0.1","port":"%s","address":"%s"}]`, name, port, name)
}

// status is the network status as the controller reads it.
func (s *kubeSite) status() (network.Status, map[string]any, error) {
	code, tree, err := s.admin.Do(s.t.Context(), "GET", s.core("configmaps", "skupper-network-status"), nil)
	if err != nil || code != http.StatusOK {
		return network.Status{}, nil, fmt.Errorf("network status: code %d, %w", code, err)
	}
	var st network.Status
	text, _ := at(tree, "data", "NetworkStatus").(string)
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	return st, tree, errors.Join(dec.Decode(&st), err)
}

func (s *kubeSite) awaitStatus(f func(st network.Status) error) {
	s.t.Helper()
	routertest.Eventually(s.t, patience, func(context.Context) error {
		st, _, err := s.status()
		if err != nil {
			return err
		}
		return f(st)
	})
}

// sites wants these names, with the numbers of listeners and connectors of a routing key.
func sitesAre(want, key string, listeners, connectors int) func(st network.Status) error {
	return func(st network.Status) error {
		got := map[string]bool{}
		for _, s := range st.Sites {
			got[s.Info.Name] = true
		}
		for _, name := range strings.Fields(want) {
			if !got[name] {
				return fmt.Errorf("no site %s among %+v", name, st.Sites)
			}
			delete(got, name)
		}
		if len(got) > 0 {
			return fmt.Errorf("too many sites: %+v", st.Sites)
		}
		for _, a := range st.Addresses {
			if a.Name == key && a.ListenerCount == listeners && a.ConnectorCount == connectors {
				return nil
			}
		}
		if key == "" {
			return nil
		}
		return fmt.Errorf("%s is not used by %d and %d: %+v", key, listeners, connectors, st.Addresses)
	}
}

// holder is who has the lease.
func (s *kubeSite) holder() string {
	_, tree, err := s.admin.Do(s.t.Context(), "GET", "/apis/coordination.k8s.io/v1/namespaces/"+s.namespace+"/leases/skupper-site-leader", nil)
	if err != nil {
		return ""
	}
	id, _ := at(tree, "spec", "holderIdentity").(string)
	return id
}

func parsed(p pki.Pair) *x509.Certificate {
	block, _ := pem.Decode(p.Cert)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return c
}
