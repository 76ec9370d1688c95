//go:build kube

package kubetest

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
)

// samples are resources as people write them, one a kind.
var samples = map[string]string{
	"Site":                     `{linkAccess: default, ha: false}`,
	"Listener":                 `{routingKey: k, host: h, port: 80, type: tcp}`,
	"MultiKeyListener":         `{host: h, port: 80, strategy: {priority: {routingKeys: [a, b]}}}`,
	"Connector":                `{routingKey: k, port: 80, selector: app=x}`,
	"AttachedConnector":        `{siteNamespace: other, selector: app=x, port: 80}`,
	"AttachedConnectorBinding": `{connectorNamespace: other, routingKey: k}`,
	"Link":                     `{endpoints: [{name: edge, host: h, port: "45671"}], tlsCredentials: c, cost: 1}`,
	"AccessGrant":              `{redemptionsAllowed: 1, expirationWindow: 15m0s}`,
	"AccessToken":              `{url: "https://h/u", code: c, ca: pem, linkCost: 1}`,
	"RouterAccess":             `{roles: [{name: inter-router, port: 55671}], tlsCredentials: c}`,
	"SecuredAccess":            `{selector: {a: b}, ports: [{name: p, port: 1}]}`,
	"Certificate":              `{ca: "", subject: s, signing: true}`,
}

// sample is a resource of a kind; spec "" is that of the samples.
func sample(t *testing.T, ns, kind, spec string) *unstructured.Unstructured {
	t.Helper()
	if spec == "" {
		spec = samples[kind]
	}
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(fmt.Sprintf("{apiVersion: skupper.io/v2alpha1, kind: %s, metadata: {generateName: x-, namespace: %s}, spec: %s}", kind, ns, spec)), &u.Object); err != nil {
		t.Fatal(err)
	}
	return u
}

// nobodys is a namespace that no controller looks after.
func nobodys(t *testing.T) string {
	t.Helper()
	return newNamespace(t, "nobodys-")
}

func TestG01SamplesAreAccepted(t *testing.T) {
	ns := nobodys(t)
	for _, k := range v2alpha1.Kinds() {
		if err := admin.Create(t.Context(), sample(t, ns, k.Kind, "")); err != nil {
			t.Errorf("%s: %v", k.Kind, err)
		}
	}
	for _, spec := range []string{`{routingKey: k, port: 80, selector: app=x, host: h}`, `{routingKey: k, port: 80}`} {
		if err := admin.Create(t.Context(), sample(t, ns, "Connector", spec)); err == nil {
			t.Errorf("%s is accepted", spec)
		}
	}
}

func TestG02NamesAndColumns(t *testing.T) {
	ask := func(path, accept string) (out struct {
		Resources         []metav1.APIResource
		ColumnDefinitions []struct{ Name string }
	}) {
		t.Helper()
		rt, err := rest.TransportFor(base.config())
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest(http.MethodGet, base.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", accept)
		resp, err := rt.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err == nil {
			err = yaml.Unmarshal(text, &out)
		}
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	short := map[string]string{}
	for _, r := range ask("/apis/skupper.io/v2alpha1", "application/json").Resources {
		if !strings.Contains(r.Name, "/") {
			short[r.Kind] = strings.Join(r.ShortNames, ",")
		}
	}
	for kind, want := range map[string]string{"Site": "st", "Listener": "lnr", "Connector": "cnr", "Link": "ln", "AccessGrant": "grant,gr", "AccessToken": "token,to",
		"AttachedConnector": "acnr", "AttachedConnectorBinding": "acnrb"} {
		if short[kind] != want {
			t.Errorf("%s: %q, want %q", kind, short[kind], want)
		}
	}
	for plural, want := range map[string]string{"sites": "Name Status Sites In Network Message", "links": "Name Status Remote Site Message",
		"listeners": "Name Routing Key Port Host Status Has Matching Connector Message"} {
		var got []string
		for _, c := range ask("/apis/skupper.io/v2alpha1/namespaces/"+base.Own+"/"+plural, "application/json;as=Table;g=meta.k8s.io;v=v1").ColumnDefinitions {
			got = append(got, c.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q", plural, got)
		}
	}
}

// TestG03StatusIsApart writes, of every kind, spec and status at both addresses.
func TestG03StatusIsApart(t *testing.T) {
	ns := nobodys(t)
	for _, k := range v2alpha1.Kinds() {
		u := sample(t, ns, k.Kind, "")
		u.Object["status"] = map[string]any{"message": "made up"}
		if err := admin.Create(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		message := func() string { s, _, _ := unstructured.NestedString(u.Object, "status", "message"); return s }
		if message() != "" {
			t.Errorf("%s: made with a status", k.Kind)
		}
		settings := func() string { s, _, _ := unstructured.NestedString(u.Object, "spec", "settings", "a"); return s }
		body := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"settings":{"a":"b"}},"status":{"message":"now"}}`))
		if err := admin.Status().Patch(t.Context(), u, body); err != nil || message() != "now" || settings() != "" {
			t.Errorf("%s: %v, %v", k.Kind, u.Object, err)
		}
		other := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"settings":{"a":"b"}},"status":{"message":"later"}}`))
		if err := admin.Patch(t.Context(), u, other); err != nil || message() != "now" {
			t.Errorf("%s: %v, %v", k.Kind, u.Object, err)
		}
	}
}

func TestG04StrategyStays(t *testing.T) {
	ns := nobodys(t)
	for _, s := range []string{`{}`, `{priority: {routingKeys: [a]}, weighted: {routingKeys: {a: 1}}}`} {
		if err := admin.Create(t.Context(), sample(t, ns, "MultiKeyListener", `{host: h, port: 80, strategy: `+s+`}`)); err == nil {
			t.Errorf("%s is accepted", s)
		}
	}
	u := sample(t, ns, "MultiKeyListener", "")
	create(t, u)
	u.Object["spec"].(map[string]any)["strategy"] = map[string]any{"weighted": map[string]any{"routingKeys": map[string]any{"a": int64(1)}}}
	if err := admin.Update(t.Context(), u); err == nil || !strings.Contains(err.Error(), "strategy is immutable") {
		t.Errorf("got %v", err)
	}
}

func TestG05Observers(t *testing.T) {
	ns := nobodys(t)
	for observer, ok := range map[string]bool{"auto": true, "none": true, "http1": true, "http2": true, "foo": false} {
		for kind, spec := range map[string]string{"Listener": `{routingKey: k, host: h, port: 80, observer: %s}`, "MultiKeyListener": `{host: h, port: 80, strategy: {priority: {routingKeys: [a]}}, observer: %s}`} {
			if err := admin.Create(t.Context(), sample(t, ns, kind, fmt.Sprintf(spec, observer))); (err == nil) != ok {
				t.Errorf("%s %s: %v", kind, observer, err)
			}
		}
	}
}

func TestG06PortsAreText(t *testing.T) {
	ns := nobodys(t)
	ends := []any{map[string]any{"name": "edge", "host": "h", "port": "45671", "group": "g"}}
	for kind, path := range map[string][]string{"Link": {"spec", "endpoints"}, "Site": {"status", "endpoints"}, "RouterAccess": {"status", "endpoints"}, "SecuredAccess": {"status", "endpoints"}} {
		u := sample(t, ns, kind, "")
		create(t, u)
		if err := unstructured.SetNestedSlice(u.Object, ends, path...); err != nil {
			t.Fatal(err)
		}
		write := func() error {
			if path[0] == "status" {
				return admin.Status().Update(t.Context(), u)
			}
			return admin.Update(t.Context(), u)
		}
		err := write()
		got, _, _ := unstructured.NestedSlice(u.Object, path...)
		if err != nil || len(got) != 1 || got[0].(map[string]any)["port"] != "45671" {
			t.Errorf("%s: %v, %v", kind, got, err)
			continue
		}
		got[0].(map[string]any)["port"] = int64(1)
		if err := unstructured.SetNestedSlice(u.Object, got, path...); err != nil {
			t.Fatal(err)
		}
		if write() == nil {
			t.Errorf("%s: a number is accepted", kind)
		}
	}
}

// TestG07StatusesAddUp has resources of all kinds, well and not, and looks at what a controller has made of their statuses.
func TestG07StatusesAddUp(t *testing.T) {
	s := separate(true)
	start(t, s)
	ns, bare := newNamespace(t, s.Prefix), newNamespace(t, s.Prefix)
	w := runningSite(t, ns, v2alpha1.SiteSpec{LinkAccess: "nodeport"})
	for _, k := range v2alpha1.Kinds() {
		create(t, sample(t, ns, k.Kind, ""))
		if k.Kind != v2alpha1.KindSite {
			create(t, sample(t, bare, k.Kind, ""))
		}
	}
	create(t, sample(t, ns, "Connector", `{routingKey: k, port: 80, host: h}`))
	create(t, sample(t, ns, "AccessGrant", `{issuer: nobody}`))
	create(t, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "skupper-network-status"}, Data: map[string]string{"NetworkStatus": networkOf(w)}})
	await(t, &v2alpha1.Site{}, ns, "west", func(s *v2alpha1.Site) bool { return s.Status.SitesInNetwork == 2 })
	settled(t, ns)
	seen := map[v2alpha1.StatusType]int{}
	for _, k := range v2alpha1.Kinds() {
		for _, where := range []string{ns, bare} {
			list := k.NewList().(client.ObjectList)
			if err := admin.List(t.Context(), list, client.InNamespace(where)); err != nil {
				t.Fatal(err)
			}
			each(list, func(o v2alpha1.Object) {
				st := v2alpha1.StatusOf(o)
				seen[st.StatusType]++
				if !slices.Contains([]v2alpha1.StatusType{"", v2alpha1.StatusPending, v2alpha1.StatusReady, v2alpha1.StatusError}, st.StatusType) {
					t.Errorf("%s %s: status %q", k.Kind, o.GetName(), st.StatusType)
				}
				c := st.Condition(v2alpha1.ConditionReady)
				if c != nil && (c.Reason != string(st.StatusType) || c.Message != st.Message || (c.Status == metav1.ConditionTrue) != (st.StatusType == v2alpha1.StatusReady)) {
					t.Errorf("%s %s: %+v", k.Kind, o.GetName(), st)
				}
				for i := range st.Conditions {
					if r := v2alpha1.StatusType(st.Conditions[i].Reason); r != v2alpha1.StatusPending && r != v2alpha1.StatusReady && r != v2alpha1.StatusError {
						t.Errorf("%s %s: %+v", k.Kind, o.GetName(), st.Conditions[i])
					}
				}
			})
		}
	}
	for _, kind := range []v2alpha1.StatusType{v2alpha1.StatusPending, v2alpha1.StatusReady, v2alpha1.StatusError} {
		if seen[kind] == 0 {
			t.Errorf("nothing is %s: %v", kind, seen)
		}
	}
}
