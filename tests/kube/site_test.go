//go:build kube

package kube

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestSiteCreate(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	create := []string{"site", "create", "west", "--enable-link-access", "--link-access-type", "nodeport", "--wait", "none"}
	sh.equal("create", sh.ok(create...), "site.skupper.io/west created\n")
	sh.equal("again", sh.ok(create...), "site.skupper.io/west unchanged\n")
	if got, want := sh.must("GET", sh.path("sites", "west"), "")["spec"], (map[string]any{"linkAccess": "nodeport"}); !reflect.DeepEqual(got, want) {
		t.Errorf("spec is %v, want %v", got, want)
	}
	sh.fails(6, []string{"has a site already, west", "kubectl skupper site status west"}, "site", "create", "east", "--wait", "none")
	sh.fails(2, []string{"link-access-type is \"magic\""}, "site", "create", "west", "--enable-link-access", "--link-access-type", "magic")
}

// TestSiteCreateWaits waits for a controller: until the site is ready, until it is wrong for good, and in vain.
func TestSiteCreateWaits(t *testing.T) {
	t.Parallel()
	t.Run("ready", func(t *testing.T) {
		sh := newShell(t, server, Admin)
		sh.whenThere("sites", condition("Ready", "True", "Ready", "OK"))
		r := sh.run("site", "create", "west", "--timeout", "60s")
		if r.code != 0 || r.out != "site.skupper.io/west created\n" || r.took > atOnce {
			t.Errorf("%+v", r)
		}
	})
	t.Run("error", func(t *testing.T) {
		sh := newShell(t, server, Admin)
		sh.whenThere("sites", condition("Ready", "False", "Error", "Unsupported value for LinkAccess: x"))
		if r := sh.fails(1, []string{"site west is not ready: Unsupported value for LinkAccess: x"}, "site", "create", "west", "--timeout", "60s"); r.took > atOnce {
			t.Errorf("it took %v to notice", r.took)
		}
	})
	t.Run("late", func(t *testing.T) {
		sh := newShell(t, server, Admin)
		sh.whenThere("sites", condition("Ready", "False", "Pending", "No router pod is ready"))
		sh.fails(3, []string{"site west is not ready after 2s: No router pod is ready", "kubectl skupper site status west"}, "site", "create", "west", "--timeout", "2s")
	})
}

// TestSiteUpdate changes what is given and keeps everything else, also what a newer version of the resources has.
func TestSiteUpdate(t *testing.T) {
	sh := newShell(t, server, Admin)
	const crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sites.skupper.io"
	definition := sh.must("GET", crd, "")
	version := at(definition, "spec").(map[string]any)["versions"].([]any)[0]
	at(version, "schema", "openAPIV3Schema", "properties", "spec", "properties").(map[string]any)["later"] = map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}
	text, err := json.Marshal(definition)
	if err != nil {
		t.Fatal(err)
	}
	sh.must("PUT", crd, string(text))

	const spec = `"spec":{"ha":true,"serviceAccount":"sa","settings":{"size":"small"},"later":{"x":{}}}`
	deadline := time.Now().Add(patience)
	for ; ; time.Sleep(100 * time.Millisecond) { // the new definition takes a moment to be served
		sh.create("sites", "west", spec)
		if at(sh.must("GET", sh.path("sites", "west"), ""), "spec", "later", "x") != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the new definition is not served")
		}
		sh.must("DELETE", sh.path("sites", "west"), "")
	}
	sh.must("PATCH", sh.path("sites", "west"), `{"metadata":{"annotations":{"by":"hand"}}}`)
	sh.equal("update", sh.ok("site", "update", "--enable-link-access", "--advertise", "west.example.com", "--wait", "none"), "site.skupper.io/west updated\n")
	got := sh.must("GET", sh.path("sites", "west"), "")
	want := map[string]any{"ha": true, "serviceAccount": "sa", "linkAccess": "default", "later": map[string]any{"x": map[string]any{}},
		"settings": map[string]any{"size": "small", "advertise": "west.example.com"}}
	if !reflect.DeepEqual(got["spec"], want) || at(got, "metadata", "annotations", "by") != "hand" {
		t.Errorf("spec is %v, want %v", got["spec"], want)
	}
	sh.equal("nothing to do", sh.ok("site", "update", "--enable-link-access", "--wait", "none"), "site.skupper.io/west unchanged\n")
	sh.fails(4, []string{`there is no site "east" in namespace ` + sh.namespace}, "site", "update", "east", "--enable-link-access", "--wait", "none")
}

func TestSiteDelete(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	sh.fails(4, []string{"there is no site in namespace " + sh.namespace}, "site", "delete")
	sh.ok("site", "create", "west", "--wait", "none")
	sh.ok("listener", "create", "backend", "8080", "--wait", "none")
	sh.ok("connector", "create", "backend", "8080", "--wait", "none")
	got := sh.ok("site", "delete", "--all")
	for _, want := range []string{"site.skupper.io/west deleted\n", "listener.skupper.io/backend deleted\n", "connector.skupper.io/backend deleted\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	for _, plural := range []string{"sites", "listeners", "connectors"} {
		if left := sh.names(plural); len(left) > 0 {
			t.Errorf("%s are left: %v", plural, left)
		}
	}
}

// TestOutage cuts all connections while the plugin waits, and lets no new one through for longer than it takes to look again.
func TestOutage(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	proxy := newProxy(t, strings.TrimPrefix(server.URL, "https://"))
	sh.controller(func(c *Client) (bool, error) {
		list, err := c.Must(t.Context(), "GET", sh.path("sites"), "")
		if items, _ := list["items"].([]any); err != nil || len(items) == 0 {
			return false, err
		}
		time.Sleep(time.Second) // the plugin waits by now
		proxy.down.Store(true)
		proxy.cut()
		time.Sleep(4 * time.Second)
		proxy.down.Store(false)
		_, err = c.Must(t.Context(), "PATCH", sh.path("sites", "west", "status"), condition("Ready", "True", "Ready", "OK"))
		return true, err
	})
	r := sh.run("site", "create", "west", "--timeout", "60s", "--server", "https://"+proxy.address)
	if r.code != 0 || r.out != "site.skupper.io/west created\n" {
		t.Errorf("%+v", r)
	}
	if proxy.cuts.Load() == 0 {
		t.Error("no connection was cut")
	}
}
