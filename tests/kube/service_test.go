//go:build kube

package kube

import (
	"context"
	"encoding/base64"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/pki"
)

func TestConnector(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	sh.create("sites", "west", `"spec":{}`)
	sh.must("POST", "/apis/apps/v1/namespaces/"+sh.namespace+"/deployments", `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},
		"spec":{"selector":{"matchLabels":{"app":"web","tier":"front"}},"template":{"metadata":{"labels":{"app":"web","tier":"front"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}`)
	spec := func() any { t.Helper(); return sh.must("GET", sh.path("connectors", "backend"), "")["spec"] }
	sh.equal("create", sh.ok("connector", "create", "backend", "8080", "--workload", "Deployment/web", "--wait=none"), "connector.skupper.io/backend created\n")
	if want := (map[string]any{"port": 8080.0, "routingKey": "backend", "selector": "app=web,tier=front", "type": "tcp"}); !reflect.DeepEqual(spec(), want) {
		t.Errorf("spec is %v, want %v", spec(), want)
	}
	sh.equal("update", sh.ok("connector", "update", "backend", "--host", "10.1.2.3", "--wait=none"), "connector.skupper.io/backend updated\n")
	if want := (map[string]any{"port": 8080.0, "routingKey": "backend", "host": "10.1.2.3", "type": "tcp"}); !reflect.DeepEqual(spec(), want) {
		t.Errorf("spec is %v, want %v", spec(), want)
	}
	sh.fails(4, []string{"find workload deployment/none"}, "connector", "create", "other", "80", "--workload", "deployment/none", "--wait=none")
	sh.fails(4, []string{`there is no secret "tls"`}, "connector", "create", "other", "80", "--tls-credentials", "tls", "--wait=none")
	sh.fails(6, []string{"connector backend exists already and is different"}, "connector", "create", "backend", "81", "--wait=none")
	sh.fails(3, []string{"connector late is not configured after 1s"}, "connector", "create", "late", "80", "--timeout", "1s")
	if got := sh.ok("connector", "status", "--no-headers", "backend", "-o", "custom-columns=A:.spec.host"); got != "10.1.2.3\n" {
		t.Errorf("got %q", got)
	}
	sh.equal("delete", sh.ok("connector", "delete", "backend"), "connector.skupper.io/backend deleted\n")
	sh.fails(4, []string{`there is no connector "backend"`}, "connector", "delete", "backend")
}

// TestListenerClash finds in the cluster what a controller would refuse.
func TestListenerClash(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	sh.ok("listener", "create", "one", "8080", "--host", "db", "--wait=none")
	sh.fails(6, []string{"listener one has db:8080 already"}, "listener", "create", "two", "8080", "--host", "db", "--wait=none")
}

// TestLinkGenerate asks for a certificate and prints what the other site needs, once the secret is there.
func TestLinkGenerate(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	sh.create("sites", "west", `"spec":{"linkAccess":"default"}`)
	sh.must("PATCH", sh.path("sites", "west", "status"), `{"status":{"defaultIssuer":"my-ca","endpoints":[
		{"name":"inter-router","host":"west.example.com","port":"55671","group":"skupper-router"},{"name":"edge","host":"west.example.com","port":"45671","group":"skupper-router"}]}}`)
	secrets := "/api/v1/namespaces/" + sh.namespace + "/secrets"
	ca, err := pki.NewP256CA("my-ca", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := pki.Issue(ca, pki.Request{Subject: "west.example.com", Client: true}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	tls := func(name, meta string, p pki.Pair) string {
		b := base64.StdEncoding.EncodeToString
		return `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"` + name + `"` + meta + `},"type":"kubernetes.io/tls","data":{"tls.crt":"` + b(p.Cert) + `","tls.key":"` + b(p.Key) + `","ca.crt":"` + b(p.CA) + `"}}`
	}
	sh.must("POST", secrets, tls("my-ca", "", ca))
	sh.must("POST", secrets, `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db-password"},"type":"Opaque","data":{"password":"eA=="}}`)
	for name, why := range map[string]string{"my-ca": "it is an authority itself", "db-password": "it is of type Opaque"} {
		r := sh.fails(6, []string{"secret " + name + " is there, and is no client certificate of authority my-ca: " + why}, "link", "generate", "--tls-credentials", name)
		if r.out != "" {
			t.Errorf("printed %s", r.out)
		}
	}
	if made := sh.names("certificates"); len(made) > 0 {
		t.Errorf("certificates are made for what others have: %v", made)
	}
	sh.fails(3, []string{"secret link-west is not there after 5s: the certificate is not issued yet"}, "link", "generate", "--timeout", "5")
	sh.controller(func(c *Client) (bool, error) {
		ctx := context.WithoutCancel(t.Context())
		code, asked, err := c.Do(ctx, "GET", sh.path("certificates", "link-west"), nil)
		if err != nil || code != 200 {
			return false, err
		}
		if want := map[string]any{"ca": "my-ca", "client": true, "subject": "west.example.com"}; !reflect.DeepEqual(asked["spec"], want) {
			t.Errorf("the certificate is %v, want %v", asked["spec"], want)
		}
		_, err = c.Must(ctx, "POST", secrets, tls("link-west", `,"labels":{"a":"b"}`, cert))
		return true, err
	})
	out := sh.ok("link", "generate")
	docs := strings.Split(out, "---\n")
	if len(docs) != 2 || !strings.Contains(docs[0], "kind: Link\n") || !strings.Contains(docs[0], "tlsCredentials: link-west\n") || !strings.Contains(docs[0], `port: "55671"`) ||
		!strings.Contains(docs[1], "kind: Secret\n") || !strings.Contains(docs[1], "tls.key: "+base64.StdEncoding.EncodeToString(cert.Key)) || strings.Contains(docs[1], "labels") || strings.Contains(out, "namespace:") {
		t.Errorf("got\n%s", out)
	}
	list := parse(t, sh.ok("link", "generate", "-o", "json"))
	if list["kind"] != "List" || len(list["items"].([]any)) != 2 {
		t.Errorf("%v", list)
	}
	sh.equal("names", sh.ok("link", "generate", "-o", "name"), "link.skupper.io/link-west\nsecret/link-west\n")
}
