package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/shared/pki"
)

// Users of the server, each with the token NAME-token. What others than Admin may do is up to roles.
const (
	Admin  = "admin"  // may do everything
	Eve    = "eve"    // has no rights
	Editor = "editor" // for roles that a test makes
)

// Server is a running API server.
type Server struct {
	URL string
	CA  []byte // of its certificate, PEM

	dir       string
	processes []process // in the order in which they were started
}

type process struct {
	*exec.Cmd
	ended chan struct{} // closed when it has
}

// startTimeout bounds the start: a busy machine needs ten seconds.
const startTimeout = 90 * time.Second

// Start runs etcd and kube-apiserver of assets on loopback, with all they write in dir, and returns when the API is served.
func Start(ctx context.Context, assets, dir string) (s *Server, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s = &Server{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Stop())
		}
	}()
	ports, err := freePorts(2)
	if err != nil {
		return s, err
	}
	if err := s.write(); err != nil {
		return s, err
	}
	etcd := "http://127.0.0.1:" + ports[0]
	err = s.run(filepath.Join(assets, "etcd"), "--data-dir="+s.path("etcd"), "--unsafe-no-fsync", "--log-level=error",
		"--listen-client-urls="+etcd, "--advertise-client-urls="+etcd, "--listen-peer-urls=http://127.0.0.1:0")
	if err != nil {
		return s, err
	}
	s.URL = "https://127.0.0.1:" + ports[1]
	err = s.run(filepath.Join(assets, "kube-apiserver"), "--etcd-servers="+etcd, "--bind-address=127.0.0.1", "--secure-port="+ports[1],
		"--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.96.0.0/16", "--authorization-mode=RBAC",
		"--tls-cert-file="+s.path("tls.crt"), "--tls-private-key-file="+s.path("tls.key"), "--token-auth-file="+s.path("tokens.csv"),
		"--service-account-issuer="+s.URL, "--service-account-key-file="+s.path("ca.crt"), "--service-account-signing-key-file="+s.path("ca.key"),
		"--disable-admission-plugins=ServiceAccount", "--cert-dir="+s.path("certs"), "--watch-cache=true")
	if err != nil {
		return s, err
	}
	return s, s.awaitReady(ctx)
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

// write puts down certificates and users.
func (s *Server) write() error {
	now := time.Now().Add(-time.Hour)
	ca, err := pki.NewP256CA("kube-test", now)
	if err != nil {
		return err
	}
	serving, err := pki.Issue(ca, pki.Request{Subject: "kube-apiserver", Hosts: []string{"127.0.0.1", "localhost"}, Server: true}, now)
	if err != nil {
		return err
	}
	s.CA = ca.Cert
	tokens := ""
	for i, user := range []string{Admin, Eve, Editor} {
		tokens += fmt.Sprintf("%s-token,%s,%d", user, user, i)
		if user == Admin {
			tokens += `,"system:masters"`
		}
		tokens += "\n"
	}
	for name, text := range map[string][]byte{"ca.crt": ca.Cert, "ca.key": ca.Key, "tls.crt": serving.Cert, "tls.key": serving.Key, "tokens.csv": []byte(tokens)} {
		if err := os.WriteFile(s.path(name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// run starts a program whose words go to a file of its name.
func (s *Server) run(program string, args ...string) error {
	log, err := os.Create(s.path(filepath.Base(program) + ".log"))
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the process has its own
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, s.dir
	cmd.SysProcAttr = withTest()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", program, err)
	}
	p := process{cmd, make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended its log tells
		close(p.ended)
	}()
	s.processes = append(s.processes, p)
	return nil
}

func (s *Server) awaitReady(ctx context.Context) error {
	client := s.Client(Admin)
	for {
		code, _, err := client.Do(ctx, "GET", "/readyz", nil)
		if err == nil && code == 200 {
			code, _, err = client.Do(ctx, "GET", "/api/v1/namespaces/default", nil)
		}
		if err == nil && code == 200 {
			return nil
		}
		select {
		case <-s.processes[0].ended:
			return fmt.Errorf("etcd ended\n%s", s.Log("etcd"))
		case <-s.processes[1].ended:
			return fmt.Errorf("kube-apiserver ended\n%s", s.Log("kube-apiserver"))
		case <-ctx.Done():
			return fmt.Errorf("the API server is not ready (code %d, %w)\n%s", code, err, s.Log("kube-apiserver"))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Log is the end of what a program has said.
func (s *Server) Log(program string) string {
	const most = 4000 // octets
	text, err := os.ReadFile(s.path(program + ".log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}

// Stop ends the processes, the last one first, at once: nothing of what they keep is needed any more.
func (s *Server) Stop() (err error) {
	for len(s.processes) > 0 {
		last := len(s.processes) - 1
		p := s.processes[last]
		s.processes = s.processes[:last]
		if killErr := p.Process.Kill(); killErr != nil && !errors.Is(killErr, os.ErrProcessDone) {
			err = errors.Join(err, killErr)
		}
		<-p.ended
	}
	return err
}

// freePorts are ports nobody listens on now. Somebody else may take one before we do: then the server says so and the test fails.
func freePorts(n int) (ports []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() //nolint:errcheck // only held so that the next one differs
		ports = append(ports, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}

// Kubeconfig writes a file with one context, "test", for a user and a namespace.
func (s *Server) Kubeconfig(path, user, namespace string) error {
	text := strings.NewReplacer("URL", s.URL, "CA", s.path("ca.crt"), "USER", user, "NAMESPACE", namespace).Replace(`apiVersion: v1
kind: Config
current-context: test
clusters:
- name: test
  cluster: {server: "URL", certificate-authority: "CA"}
users:
- name: USER
  user: {token: USER-token}
contexts:
- name: test
  context: {cluster: test, user: USER, namespace: "NAMESPACE"}
`)
	return os.WriteFile(path, []byte(text), 0o600)
}
