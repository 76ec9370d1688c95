package kubehost

import (
	"strings"
	"testing"
)

const listeners = `{"kind":"ListenerList","apiVersion":"skupper.io/v2alpha1","items":[
{"apiVersion":"skupper.io/v2alpha1","kind":"Listener","metadata":{"name":"b","namespace":"west","labels":{"k":"v"},"creationTimestamp":"2026-01-02T11:00:00Z","managedFields":[{"manager":"x"}]},
 "spec":{"routingKey":"key","host":"h","port":80},"status":{"status":"Ready","message":"two\nlines \u001b[31mred","hasMatchingConnector":true}},
{"apiVersion":"skupper.io/v2alpha1","kind":"Listener","metadata":{"name":"a","namespace":"east"},"spec":{"routingKey":"a-longer-key","host":"h","port":8080}}]}`

const site = `{"kind":"SiteList","apiVersion":"skupper.io/v2alpha1","items":[{"apiVersion":"skupper.io/v2alpha1","kind":"Site","metadata":{"name":"s"}}]}`

func TestPrint(t *testing.T) {
	url, _ := apiServer(t, map[string]string{"listeners": listeners, "sites": site})
	for _, c := range []struct{ args, want string }{
		{"-A", `NAMESPACE   NAME   STATUS    ROUTING-KEY    HOST   PORT   MATCHING-CONNECTOR   MESSAGE
east        a      Pending   a-longer-key   h      8080   false                Not Configured
west        b      Ready     key            h      80     true                 two...
`},
		{"-A --no-headers -l k", "west   b     Ready   key   h     80    true   two...\n"},
		{"-A -o wide -l k", `NAMESPACE   NAME   STATUS   ROUTING-KEY   HOST   PORT   MATCHING-CONNECTOR   MESSAGE              TLS-CREDENTIALS   OBSERVER   AGE
west        b      Ready    key           h      80     true                 two...               <none>            <none>     60m
`},
		{"-A -o name", "listener.skupper.io/a\nlistener.skupper.io/b\n"},
		{"-A -l k -o yaml", `apiVersion: v1
items:
- apiVersion: skupper.io/v2alpha1
  kind: Listener
  metadata:
    creationTimestamp: "2026-01-02T11:00:00Z"
    labels:
      k: v
    name: b
    namespace: west
  spec:
    host: h
    port: 80
    routingKey: key
  status:
    hasMatchingConnector: true
    message: "two\nlines \e[31mred"
    status: Ready
kind: List
`},
		{"-A -l nothing -o json", "{\n  \"apiVersion\": \"v1\",\n  \"items\": [],\n  \"kind\": \"List\"\n}\n"},
		{"-A -o custom-columns=NAME:.metadata.name,LABEL:{.metadata.labels.k},MESSAGE:status.message", "NAME   LABEL    MESSAGE\na      <none>   Not Configured\nb      v        two lines ^[[31mred\n"},
		{"-A -o jsonpath={.items[*].spec.port}", "8080 80"},
	} {
		t.Run(c.args, func(t *testing.T) {
			r := call(t, append([]string{"listener", "status", "--insecure-skip-tls-verify", "-s", url}, strings.Fields(c.args)...)...)
			if r.code != 0 || r.out != c.want {
				t.Errorf("got %d %s\n%swant\n%s", r.code, r.err, r.out, c.want)
			}
		})
	}
}
