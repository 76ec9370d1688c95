//go:build kube

package kube

import (
	"context"
	"os"
	"strings"
	"testing"
)

const token = `apiVersion: skupper.io/v2alpha1
kind: AccessToken
metadata: {name: east-1}
spec: {url: "https://127.0.0.1:1/x", code: abcdefghijklmnopqrstuvwx, ca: "CA", linkCost: 3}
`

// writeToken leaves a token file that can be read; nobody will answer for it.
func writeToken(sh *shell, name string) {
	sh.t.Helper()
	text := strings.Replace(token, `"CA"`, "|\n"+indent(string(server.CA)), 1)
	text = strings.Replace(strings.Replace(text, "spec: {url: ", "spec:\n  url: ", 1), ", code: ", "\n  code: ", 1)
	text = strings.Replace(strings.Replace(text, ", ca: ", "\n  ca: ", 1), ", linkCost: 3}", "  linkCost: 3", 1)
	if err := os.WriteFile(sh.file(name), []byte(text), 0o600); err != nil {
		sh.t.Fatal(err)
	}
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
}

// reachable is the status of a site that others can link to.
const reachable = `{"status":{"endpoints":[{"name":"inter-router","host":"west.example.com","port":"55671","group":"skupper-router"}]}}`

// TestTokenIssueLate has no controller, and one that has grants switched off: the message tells the two apart.
func TestTokenIssueLate(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	sh.fails(4, []string{"there is no site in namespace " + sh.namespace, "kubectl skupper site create NAME"}, "token", "issue", "west.yaml")
	sh.create("sites", "west", `"spec":{}`)
	sh.fails(1, []string{"site west accepts no links", "kubectl skupper site update west --enable-link-access"}, "token", "issue", "west.yaml")
	sh.must("PATCH", sh.path("sites", "west"), `{"spec":{"linkAccess":"default"}}`)

	sh.fails(3, []string{"site west is not reachable by other sites after 2s: it has no address for links yet: Not Configured", "kubectl skupper site status west"}, "token", "issue", "west.yaml", "--timeout", "2") // before it looks for a controller
	if left := sh.names("accessgrants"); len(left) != 0 {
		t.Errorf("grants are made for a site without an address: %v", left)
	}
	sh.must("PATCH", sh.path("sites", "west", "status"), reachable)
	sh.fails(3, []string{"is not ready after 2s: site west: Not Configured", "kubectl skupper site status west"}, "token", "issue", "west.yaml", "--timeout", "2")
	sh.whenThere("accessgrants", `{"status":{"message":"AccessGrants are not enabled"}}`)
	quick(t, sh.fails(1, []string{"the controller issues no tokens: AccessGrants are not enabled", "kubectl skupper link generate links sites without a token"}, "token", "issue", "west.yaml"))
	if left := sh.names("accessgrants"); len(left) != 0 {
		t.Errorf("grants are left: %v", left)
	}
	if _, err := os.Stat(sh.file("west.yaml")); err == nil {
		t.Error("a file is left")
	}
}

func TestTokenIssue(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	sh.create("sites", "west", `"spec":{}`) // a RouterAccess of the user's makes it reachable
	sh.must("PATCH", sh.path("sites", "west", "status"), reachable)
	grant := strings.TrimSuffix(condition("Ready", "True", "Ready", "OK"), "}}") +
		`,"url":"https://west.example.com:9090/1","code":"abcdefghijklmnopqrstuvwx","ca":` + quoteJSON(string(server.CA)) + `,"expirationTime":"2099-01-01T00:00:00Z"}}`
	sh.whenThere("accessgrants", grant)
	out := sh.ok("token", "issue", "west.yaml", "--redemptions-allowed", "3", "--expiration-window", "60m", "--cost", "5")
	names := sh.names("accessgrants")
	if len(names) != 1 || out != "accessgrant.skupper.io/"+names[0]+" issued\n" {
		t.Fatalf("got %q, and grants %v", out, names)
	}
	spec := sh.must("GET", sh.path("accessgrants", names[0]), "")["spec"]
	if at(spec, "redemptionsAllowed") != 3.0 || at(spec, "expirationWindow") != "1h0m0s" {
		t.Errorf("spec is %v", spec)
	}
	info, err := os.Stat(sh.file("west.yaml"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info, err)
	}
	if got := sh.ok("token", "inspect", "west.yaml", "-o", "jsonpath={.site} {.linkCost} {.uses}"); got != "west 5 3" {
		t.Errorf("the token says %q", got)
	}
	if got := sh.ok("token", "status", "--no-headers"); !strings.HasPrefix(got, names[0]+"   Ready   0     3     2099-01-01T00:00:00Z   OK") {
		t.Errorf("status is %q", got)
	}
	sh.equal("revoke", sh.ok("token", "revoke", names[0]), "accessgrant.skupper.io/"+names[0]+" revoked\n")
}

// TestTokenIssueInterrupted leaves nothing behind.
func TestTokenIssueInterrupted(t *testing.T) {
	t.Parallel()
	sh := newShell(t, server, Admin)
	sh.create("sites", "west", `"spec":{"linkAccess":"default"}`)
	sh.must("PATCH", sh.path("sites", "west", "status"), reachable)
	made := make(chan struct{})
	sh.controller(func(c *Client) (bool, error) {
		list, err := c.Must(context.WithoutCancel(t.Context()), "GET", sh.path("accessgrants"), "")
		if items, _ := list["items"].([]any); err != nil || len(items) == 0 {
			return false, err
		}
		close(made)
		return true, nil
	})
	r := sh.interrupted(made, "token", "issue", "west.yaml", "--timeout", "60s")
	if r.code != 1 || !strings.Contains(r.err, "Error: interrupted: ") || r.took > atOnce {
		t.Errorf("%+v", r)
	}
	if left := sh.names("accessgrants"); len(left) != 0 {
		t.Errorf("grants are left: %v", left)
	}
	if _, err := os.Stat(sh.file("west.yaml")); err == nil {
		t.Error("a file is left")
	}
}

func quoteJSON(s string) string { return `"` + strings.ReplaceAll(s, "\n", `\n`) + `"` }

func TestTokenRedeem(t *testing.T) {
	t.Parallel()
	t.Run("redeemed", func(t *testing.T) {
		sh := newShell(t, server, Admin)
		writeToken(sh, "east.yaml")
		sh.fails(4, []string{"there is no site in namespace"}, "token", "redeem", "east.yaml")
		sh.create("sites", "west", `"spec":{}`)
		sh.controller(func(c *Client) (bool, error) {
			ctx := context.WithoutCancel(t.Context())
			code, _, err := c.Do(ctx, "GET", sh.path("accesstokens", "east-1"), nil)
			if err != nil || code != 200 {
				return false, err
			}
			link := `{"apiVersion":"skupper.io/v2alpha1","kind":"Link","metadata":{"name":"east-1"},"spec":{"endpoints":[],"tlsCredentials":"east-1","cost":3}}`
			if _, err := c.Must(ctx, "POST", sh.path("links"), link); err != nil {
				return false, err
			}
			patch := strings.Replace(condition("Redeemed", "True", "Ready", "OK"), `{"status":{`, `{"status":{"redeemed":true,`, 1)
			_, err = c.Must(ctx, "PATCH", sh.path("accesstokens", "east-1", "status"), patch)
			return true, err
		})
		sh.equal("redeem", sh.ok("token", "redeem", "east.yaml"), "accesstoken.skupper.io/east-1 redeemed\n")
		sh.equal("again", sh.ok("token", "redeem", "east.yaml", "-o", "jsonpath={.links[0]}"), "east-1")
	})
	t.Run("refused", func(t *testing.T) {
		sh := newShell(t, server, Admin)
		writeToken(sh, "east.yaml")
		sh.create("sites", "west", `"spec":{}`)
		sh.whenThere("accesstokens", condition("Redeemed", "False", "Error", "Controller got failed response: 403 (Forbidden) Redemption of access token refused"))
		if r := sh.fails(5, []string{"token east-1 is refused", "403"}, "token", "redeem", "east.yaml", "--timeout", "60s"); r.took > atOnce {
			t.Errorf("it took %v to notice", r.took)
		}
		if left := sh.names("accesstokens"); len(left) != 0 {
			t.Errorf("tokens are left: %v", left)
		}
	})
	t.Run("late", func(t *testing.T) {
		sh := newShell(t, server, Admin)
		writeToken(sh, "east.yaml")
		sh.create("sites", "west", `"spec":{}`)
		sh.fails(3, []string{"token east-1 is not redeemed after 1s"}, "token", "redeem", "east.yaml", "--timeout", "1s")
	})
}
