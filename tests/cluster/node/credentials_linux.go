package node

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/shared/pki"
	"github.com/skupper-plugins/suite/tests/kube"
)

// kubernetesService is the address of the API's Service, the first of the range.
func (c *Cluster) kubernetesService() string { return strings.TrimSuffix(c.services, "0/16") + "1" }

// writeCredentials writes certificates, users and a kubeconfig for each of them. Users have tokens: USER-token.
func (c *Cluster) writeCredentials(context.Context) error {
	now := time.Now().Add(-time.Hour)
	ca, err := pki.NewP256CA("cluster-"+c.Name, now)
	if err != nil {
		return err
	}
	c.ca = ca
	serving, err := pki.Issue(ca, pki.Request{Subject: "kube-apiserver", Server: true,
		Hosts: []string{"127.0.0.1", c.IP, c.kubernetesService(), "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}}, now)
	if err != nil {
		return err
	}
	client, err := pki.Issue(ca, pki.Request{Subject: "kube-apiserver-kubelet-client", Client: true}, now)
	if err != nil {
		return err
	}
	files := map[string]string{
		"ca.crt": string(ca.Cert), "ca.key": string(ca.Key), "tls.crt": string(serving.Cert), "tls.key": string(serving.Key),
		"client.crt": string(client.Cert), "client.key": string(client.Key),
		"resolv.conf": "nameserver " + c.dns + "\n",
		"tokens.csv": `admin-token,admin,1,"system:masters"
kcm-token,system:kube-controller-manager,2
scheduler-token,system:kube-scheduler,3
proxy-token,system:kube-proxy,4
kubelet-token,system:node:` + c.Name + `,5,"system:nodes"
`}
	for _, user := range []string{"admin", "kcm", "scheduler", "proxy", "kubelet"} {
		files[user+".kubeconfig"] = strings.NewReplacer("URL", c.URL, "CA", c.path("ca.crt"), "USER", user, "NAME", c.Name).Replace(`apiVersion: v1
kind: Config
current-context: NAME
clusters:
- name: NAME
  cluster: {server: "URL", certificate-authority: "CA"}
users:
- name: USER
  user: {token: USER-token}
contexts:
- name: NAME
  context: {cluster: NAME, user: USER}
`)
	}
	for name, text := range files {
		if err := os.WriteFile(c.path(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	c.API = kube.NewClient(c.URL, "admin-token", ca.Cert)
	return nil
}
