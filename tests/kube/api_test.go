//go:build kube

package kube

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestColumns holds what kubectl get shows to what people and scripts know of it.
func TestColumns(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	for plural, want := range map[string]string{
		"sites":                     "Name, Status, Sites In Network, Message",
		"listeners":                 "Name, Routing Key, Port, Host, Status, Has Matching Connector, Message",
		"multikeylisteners":         "Name, Status, Message, HasDestination",
		"connectors":                "Name, Routing Key, Port, Host, Selector, Status, Has Matching Listener, Message",
		"attachedconnectors":        "Name, Port, Selector, Site Namespace, Status",
		"attachedconnectorbindings": "Name, Routing Key, Connector Namespace, Status, Has Matching Listener",
		"links":                     "Name, Status, Remote Site, Message",
		"accessgrants":              "Name, Redemptions Allowed, Redemptions Made, Expiration, Status, Message",
		"accesstokens":              "Name, URL, Redeemed, Status, Message",
		"routeraccesses":            "Name, Status, Message",
		"securedaccesses":           "Name, Status, Message",
		"certificates":              "Name, CA, Server, Client, Signing, Status, Expiration, Message",
	} {
		t.Run(plural, func(t *testing.T) {
			got, err := sh.admin.Columns(t.Context(), sh.path(plural))
			if err != nil || strings.Join(got, ", ") != want {
				t.Errorf("got %v, %v; want %s", got, err, want)
			}
		})
	}
}

func TestShortNames(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	got := map[string]string{}
	list, _ := sh.must("GET", "/apis/skupper.io/v2alpha1", "")["resources"].([]any)
	for _, r := range list {
		if names, ok := at(r, "shortNames").([]any); ok {
			got[at(r, "name").(string)] = strings.Trim(fmt.Sprint(names), "[]")
		}
	}
	want := map[string]string{"sites": "st", "listeners": "lnr", "connectors": "cnr", "links": "ln", "accessgrants": "grant gr", "accesstokens": "token to",
		"attachedconnectors": "acnr", "attachedconnectorbindings": "acnrb"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestValidation has what the definitions accept and refuse. They are as lax as those of every other implementation: what else is
// wrong a controller says in the status.
func TestValidation(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	const (
		listener = `"kind":"Listener","spec":{"routingKey":"k","host":"h","port":80`
		multi    = `"kind":"MultiKeyListener","spec":{"host":"h","port":80,"strategy":`
		conn     = `"kind":"Connector","spec":{"routingKey":"k","port":80`
	)
	for i, c := range []struct{ plural, object, refused string }{
		{"sites", `"kind":"Site","spec":{}`, ""},
		{"sites", `"kind":"Site"`, ""},
		{"sites", `"kind":"Site","spec":{"linkAccess":"anything","settings":{"x":""}}`, ""},
		{"sites", `"kind":"Site","spec":{"ha":"yes"}`, "spec.ha"},
		{"listeners", listener + `}`, ""},
		{"listeners", listener + `,"observer":"http2","exposePodsByName":true,"tlsCredentials":"x","type":"udp","settings":{"a":"b"}}`, ""},
		{"listeners", listener + `,"observer":"foo"}`, "spec.observer"},
		{"listeners", `"kind":"Listener","spec":{"routingKey":"k","host":"h","port":99999}`, ""},
		{"listeners", `"kind":"Listener","spec":{"routingKey":"k","host":"h","port":"80"}`, "spec.port"},
		{"listeners", `"kind":"Listener","spec":{"host":"h","port":80}`, "spec.routingKey"},
		{"connectors", conn + `,"host":"h"}`, ""},
		{"connectors", conn + `,"selector":"app=x","includeNotReadyPods":true,"exposePodsByName":true,"useClientCert":true,"verifyHostname":true}`, ""},
		{"connectors", conn + `,"selector":"app=x","host":"h"}`, "exactly one of the fields in [selector host] must be set"},
		{"connectors", conn + `}`, "exactly one of the fields in [selector host] must be set"},
		{"multikeylisteners", multi + `{"priority":{"routingKeys":["a","b"]}}}`, ""},
		{"multikeylisteners", multi + `{"weighted":{"routingKeys":{"a":1}}},"requireClientCert":true,"observer":"none"}`, ""},
		{"multikeylisteners", multi + `{}}`, "exactly one of the fields in [priority weighted] must be set"},
		{"multikeylisteners", multi + `{"priority":{"routingKeys":["a"]},"weighted":{"routingKeys":{"a":1}}}}`, "exactly one of the fields in [priority weighted] must be set"},
		{"multikeylisteners", multi + `{"priority":{"routingKeys":[]}}}`, "routingKeys"},
		{"multikeylisteners", multi + `{"priority":{"routingKeys":["a","a"]}}}`, "Duplicate value"},
		{"links", `"kind":"Link","spec":{"endpoints":[{"name":"edge","host":"h","port":"45671"},{}],"cost":0}`, ""},
		{"links", `"kind":"Link","spec":{"endpoints":[{"port":45671}]}`, "port"},
		{"links", `"kind":"Link","spec":{}`, "spec.endpoints"},
		{"accessgrants", `"kind":"AccessGrant","spec":{"expirationWindow":"15m0s","redemptionsAllowed":3}`, ""},
		{"accessgrants", `"kind":"AccessGrant","spec":{}`, ""},
		{"accessgrants", `"kind":"AccessGrant","spec":{"expirationWindow":"soon"}`, "spec.expirationWindow"},
		{"accesstokens", `"kind":"AccessToken","spec":{"url":"u","code":"c","ca":"x","linkCost":1}`, ""},
		{"accesstokens", `"kind":"AccessToken","spec":{"url":"u","code":"c"}`, "spec.ca"},
		{"routeraccesses", `"kind":"RouterAccess","spec":{"roles":[{"name":"inter-router","port":55671},{"name":"edge"}],"tlsCredentials":"x","generateTlsCredentials":true}`, ""},
		{"routeraccesses", `"kind":"RouterAccess","spec":{"roles":[{"port":1}],"tlsCredentials":"x"}`, "name"},
		{"routeraccesses", `"kind":"RouterAccess","spec":{"roles":[]}`, "spec.tlsCredentials"},
		{"securedaccesses", `"kind":"SecuredAccess","spec":{"selector":{"a":"b"},"ports":[{"name":"x","port":1,"targetPort":2,"protocol":"TCP"}]}`, ""},
		{"securedaccesses", `"kind":"SecuredAccess","spec":{"ports":[]}`, "spec.selector"},
		{"certificates", `"kind":"Certificate","spec":{"ca":"","subject":"s","signing":true}`, ""},
		{"certificates", `"kind":"Certificate","spec":{"subject":"s"}`, "spec.ca"},
		{"attachedconnectors", `"kind":"AttachedConnector","spec":{"siteNamespace":"n","selector":"a=b","port":1}`, ""},
		{"attachedconnectors", `"kind":"AttachedConnector","spec":{"selector":"a=b","port":1}`, "spec.siteNamespace"},
		{"attachedconnectorbindings", `"kind":"AttachedConnectorBinding","spec":{"connectorNamespace":"n","routingKey":"k"}`, ""},
		{"attachedconnectorbindings", `"kind":"AttachedConnectorBinding","spec":{"routingKey":"k"}`, "spec.connectorNamespace"},
	} {
		body := fmt.Sprintf(`{"apiVersion":"skupper.io/v2alpha1","metadata":{"name":"x%d"},%s}`, i, c.object)
		code, tree, err := sh.admin.Do(t.Context(), "POST", sh.path(c.plural), []byte(body))
		message := fmt.Sprint(tree["message"])
		switch {
		case err != nil:
			t.Fatal(err)
		case c.refused == "" && code != 201, c.refused != "" && (code != 422 || !strings.Contains(message, c.refused)):
			t.Errorf("%s: code %d, %s; want it refused for %q", c.object, code, message, c.refused)
		}
	}
}

// TestStrategyStays changes the keys of a strategy, which can be done, and its kind, which cannot.
func TestStrategyStays(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	sh.must("POST", sh.path("multikeylisteners"), `{"apiVersion":"skupper.io/v2alpha1","kind":"MultiKeyListener","metadata":{"name":"x"},"spec":{"host":"h","port":80,"strategy":{"priority":{"routingKeys":["a"]}}}}`)
	sh.must("PATCH", sh.path("multikeylisteners", "x"), `{"spec":{"strategy":{"priority":{"routingKeys":["b","a"]}}}}`)
	code, tree, err := sh.admin.Do(t.Context(), "PATCH", sh.path("multikeylisteners", "x"), []byte(`{"spec":{"strategy":{"priority":null,"weighted":{"routingKeys":{"a":1}}}}}`))
	if err != nil || code != 422 || !strings.Contains(fmt.Sprint(tree["message"]), "strategy is immutable") {
		t.Errorf("code %d, %v, %v", code, tree["message"], err)
	}
}

// TestStatusApart has every kind's status at an address of its own, and ports of endpoints as text.
func TestStatusApart(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	list, _ := sh.must("GET", "/apis/skupper.io/v2alpha1", "")["resources"].([]any)
	var apart []string
	for _, r := range list {
		if name, ok := strings.CutSuffix(at(r, "name").(string), "/status"); ok {
			apart = append(apart, name)
		}
	}
	if slices.Sort(apart); len(apart) != 12 {
		t.Errorf("%d kinds have one: %v", len(apart), apart)
	}
	sh.create("sites", "west", `"spec":{"ha":true},"status":{"message":"made up"}`)
	sh.must("PATCH", sh.path("sites", "west", "status"), `{"spec":{"ha":false},"status":{"endpoints":[{"name":"edge","host":"h","port":"45671","group":"g"}]}}`)
	got := sh.must("GET", sh.path("sites", "west"), "")
	endpoints, _ := at(got, "status", "endpoints").([]any)
	if at(got, "spec", "ha") != true || at(got, "status", "message") != nil || len(endpoints) != 1 || at(endpoints[0], "port") != "45671" {
		t.Errorf("got %v", got)
	}
}
