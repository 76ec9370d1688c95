package command

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
	"github.com/skupper-plugins/suite/shared/op"
	"github.com/skupper-plugins/suite/shared/site"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func named(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }

func west() *v2alpha1.Site {
	s := &v2alpha1.Site{ObjectMeta: named("west"), Spec: v2alpha1.SiteSpec{LinkAccess: "default"}}
	ready(s)
	s.Status.Endpoints = []v2alpha1.Endpoint{{Name: "inter-router", Host: "10.0.0.1", Port: "55671"}, {Name: "edge", Host: "fd00::1", Port: "45671"}}
	return s
}

func advertising(hosts string) *v2alpha1.Site {
	s := west()
	s.Spec.Settings = map[string]string{op.SettingAdvertise: hosts}
	return s
}

func aLink(name string) *v2alpha1.Link {
	return &v2alpha1.Link{ObjectMeta: named(name), Spec: v2alpha1.LinkSpec{Cost: 1, TLSCredentials: "s"}}
}

// Usage errors report everything at once on stderr, say which command was meant, and open nothing.
func TestUsageErrors(t *testing.T) {
	for _, tc := range []struct{ name, in, err string }{
		{"unknown-command", "sitte", "Error: unknown command \"sitte\", did you mean \"site\"?\ntry: test skupper --help\n"},
		{"kubectl's-n-for-namespace", "listener create a 1 -n x", "Error: listener create: unknown flag -n, did you mean --namespace?\ntry: test skupper listener create --help\n"},
		{"unknown-below-group", "site crate x", "Error: site: unknown command \"crate\", did you mean \"create\"?\ntry: test skupper site --help\n"},
		{"group-alone", "site", "Error: a command is missing after \"site\", want one of create, update, status, delete, generate\ntry: test skupper site --help\n"},
		{"flag-alone", "--namespace x", "Error: a command is missing, want one of site, token, link, listener, connector, routeraccess, system, completion, debug, version\ntry: test skupper --help\n"},
		{"unknown-flag", "site create x --enable-link-acces", "Error: site create: unknown flag --enable-link-acces, did you mean --enable-link-access?\ntry: test skupper site create --help\n"},
		{"operand-missing", "site create", "Error: site create: operand NAME is missing\ntry: test skupper site create --help\n"},
		{"operand-too-many", "site create a b c", "Error: site create: 2 things are wrong:\n  operand \"b\" is one too many\n  operand \"c\" is one too many\ntry: test skupper site create --help\n"},
		{"operands-missing", "listener create", "Error: listener create: 2 things are wrong:\n  operand NAME is missing\n  operand PORT is missing, want 1 to 65535\ntry: test skupper listener create --help\n"},
		{"port-is-text", "listener create a http", "Error: listener create: port is \"http\", want a number, 1 to 65535\ntry: test skupper listener create --help\n"},
		{"port-too-high", "listener create a 65536", "Error: listener create: port is 65536, want 1 to 65535\ntry: test skupper listener create --help\n"},
		{"everything-at-once", "token issue x --redemptions-allowed 0 --cost zero --timeout soon --expiration-window 59s -o xml",
			"Error: token issue: 5 things are wrong:\n  cost is \"zero\", want a whole number\n  timeout is \"soon\", want a duration such as 90 (seconds), 90s or 15m\n" +
				"  redemptions-allowed is 0, want 1 or more\n  expiration-window is 59s, want 1m or more\n  output is \"xml\", want json or yaml\ntry: test skupper token issue --help\n"},
		{"host-flag", "site status --depth x", "Error: site status: invalid value \"x\" for flag --depth: parse error\ntry: test skupper site status --help\n"},
		{"directory-for-a-token", "token issue " + os.TempDir(), "Error: token issue: FILE is \"" + os.TempDir() + "\", which is a directory\ntry: test skupper token issue --help\n"},
		{"update-of-nothing", "link update x", "Error: link update: nothing to change is given, want cost or tls-credentials\ntry: test skupper link update --help\n"},
		{"verb-of-another-host", "connector create a 1 --selector a=b", "Error: connector create: unknown flag --selector\ntry: test skupper connector create --help\n"},
		{"apply-without-file", "system apply", "Error: system apply: filename is missing, want a file, a directory or - for stdin\ntry: test skupper system apply --help\n"},
		{"wait-is-no-state", "listener create a 1 --wait soon", "Error: listener create: wait is \"soon\", want ready, configured or none\ntry: test skupper listener create --help\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := local(west())
			if got, want := call(t, h, "", strings.Fields(tc.in)...), (result{2, "", tc.err}); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if h.opened != 0 {
				t.Error("the site was opened")
			}
		})
	}
}

func TestCommands(t *testing.T) {
	noSystem := call(t, cluster(), "", "system", "start")
	if noSystem.code != 2 || !strings.Contains(noSystem.err, `unknown command "system"`) {
		t.Errorf("a cluster has system verbs: %+v", noSystem)
	}
	const missing = "\ntry: test skupper link status lists those there are\n"
	for _, tc := range []struct {
		name string
		host *fakeHost
		in   string
		want result
	}{
		{"version", local(), "version", result{0, "v1.2.3\n", ""}},
		{"version-flag", local(), "--version", result{0, "v1.2.3\n", ""}},
		{"version-json", cluster(), "version -o yaml", result{0, "go: " + runtime.Version() + "\nprogram: test skupper\nsystem: " + runtime.GOOS + "/" + runtime.GOARCH + "\nversion: v1.2.3\n", ""}},
		{"site-create", local(), "site create west --enable-link-access", result{0, "site/west created\n", "waiting for the processes of site west to start\nnext: test skupper token issue FILE\n"}},
		{"site-create-again", local(west()), "site create --enable-link-access west", result{0, "site/west unchanged\n", "waiting for the processes of site west to start\nnext: test skupper token issue FILE\n"}},
		{"site-create-second", local(west()), "site create east", result{6, "", "Error: create site east: namespace default has a site already, west\ntry: test skupper site status west shows it; another site needs another namespace\n"}},
		{"site-create-late", cluster(), "site create west --timeout 1", result{3, "", "waiting for site west: Not Ready\nError: site west is not ready after 1s: Not Ready\ntry: it may still become so: test skupper site status west\n"}},
		{"site-status", local(west()), "site status", result{0, "NAME   STATUS   MESSAGE\nwest   Ready    OK\n", ""}},
		{"site-status-of-one", local(west()), "site status west", result{0, "Name:        west\nStatus:      Ready\nMessage:     OK\nLink access: default\n" +
			"Endpoints:   10.0.0.1:55671 (inter-router), [fd00::1]:45671 (edge)\n", ""}},
		{"site-status-none", local(), "site status", result{0, "", "there is no site in namespace default\nnext: test skupper site create NAME\n"}},
		{"site-status-not-there", local(), "site status west", result{4, "", "Error: there is no site \"west\" in namespace default\ntry: test skupper site status lists those there are\n"}},
		{"site-status-none-elsewhere", local(), "site status --namespace east", result{0, "", "there is no site in namespace default\nnext: test skupper site create NAME --namespace east\n"}},
		{"site-status-not-there-elsewhere", local(), "site status west --namespace east's", result{4, "", "Error: there is no site \"west\" in namespace default\ntry: test skupper site status --namespace 'east'\\''s' lists those there are\n"}},
		{"site-update", local(west()), "site update --advertise a.example,b.example --advertise c.example", result{0, "site/west updated\n", ""}},
		{"site-delete-all", local(west(), aLink("l")), "site delete --all", result{0, "Site west deleted\nLink l deleted\n", ""}},
		{"site-generate", local(), "site generate west --namespace north", result{0, "apiVersion: skupper.io/v2alpha1\nkind: Site\nmetadata:\n  name: west\n  namespace: north\n", ""}},
		{"site-generate-json", local(), "site generate west -o json --enable-link-access", result{0,
			"{\n  \"apiVersion\": \"skupper.io/v2alpha1\",\n  \"kind\": \"Site\",\n  \"metadata\": {\n    \"name\": \"west\"\n  },\n  \"spec\": {\n    \"linkAccess\": \"default\"\n  }\n}\n", ""}},
		{"link-status", local(west(), aLink("west-link"), aLink("b")), "link status", result{0,
			"NAME        STATUS    COST   MESSAGE\nb           Pending   1      Not Configured\nwest-link   Pending   1      Not Configured\n", ""}},
		{"link-status-of-one", local(west(), aLink("l")), "link status l", result{0, "Name:    l\nStatus:  Pending\nCost:    1\nMessage: Not Configured\n", ""}},
		{"link-status-none", local(west()), "link status", result{0, "", "there are no links in namespace default\nnext: test skupper token redeem FILE\n"}},
		{"link-status-none-without-a-site", local(), "link status --namespace north", result{0, "",
			"there is no site in namespace default\nthere are no links in namespace default\nnext: test skupper site create NAME --namespace north\n"}},
		{"link-status-none-in-a-cluster", cluster(), "link status", result{0, "", "there are no links in namespace default\n"}},
		{"listener-status-none", local(west()), "listener status", result{0, "", "there are no listeners in namespace default\nnext: test skupper listener create NAME PORT\n"}},
		{"connector-status-none", local(west()), "connector status", result{0, "", "there are no connectors in namespace default\nnext: test skupper connector create NAME PORT\n"}},
		{"site-delete-leaves", local(west(), aLink("l")), "site delete", result{0, "site/west deleted\n", "still there, for the next site of this namespace: Link (1)\n"}},
		{"link-status-none-json", local(west()), "link status -o json", result{0, "{\n  \"apiVersion\": \"v1\",\n  \"items\": [],\n  \"kind\": \"List\"\n}\n", ""}},
		{"link-status-not-there", local(west()), "link status l", result{4, "", "Error: there is no link \"l\" in namespace default" + missing}},
		{"link-status-with-a-token-that-waits", cluster(west(), aWaitingToken("t")), "link status --namespace default", result{0, "",
			"token t is not redeemed: no route to host; test skupper link delete t --namespace default gives it up\nthere are no links in namespace default\n"}},
		{"link-delete-of-a-token-that-waits", cluster(west(), aWaitingToken("t")), "link delete t", result{0, "accesstoken/t deleted\n", "there was no link yet: its token was not redeemed\n"}},
		{"link-delete", local(west(), aLink("l")), "link delete l", result{0, "link/l deleted\n", ""}},
		{"link-delete-not-there", local(west()), "link delete l", result{4, "", "Error: there is no link \"l\" in namespace default" + missing}},
		{"link-update", local(west(), aLink("l")), "link update l --cost 5", result{0, "link/l updated\n", ""}},
		{"link-generate-unknown-host", local(west()), "link generate --host x.example", result{4, "",
			"Error: site west is not known as \"x.example\", so its certificate would not fit: it is known as 10.0.0.1, fd00::1\ntry: test skupper site update west --advertise x.example\n"}},
		{"link-generate-one-host-more", local(advertising("a.example")), "link generate --host x.example", result{4, "",
			"Error: site west is not known as \"x.example\", so its certificate would not fit: it is known as 10.0.0.1, fd00::1\ntry: test skupper site update west --advertise a.example,x.example\n"}},
		{"link-generate-without-secret", local(west()), "link generate --host 10.0.0.1 --tls-credentials s --generate-credential=false", result{0,
			"apiVersion: skupper.io/v2alpha1\nkind: Link\nmetadata:\n  name: link-west\nspec:\n  cost: 1\n  endpoints:\n  - host: 10.0.0.1\n    name: inter-router\n    port: \"55671\"\n  tlsCredentials: s\n", "next: test skupper system apply -f FILE\n"}},
		{"listener-create", local(west()), "listener create backend 9090", result{0, "listener/backend created\n", ""}},
		{"listener-create-no-site", local(), "listener create backend 9090", result{0, "listener/backend created\n", "there is no site in namespace default yet: this takes effect when there is one\n"}},
		{"listener-generate", local(), "listener generate backend 9090", result{0, "apiVersion: skupper.io/v2alpha1\nkind: Listener\nmetadata:\n  name: backend\nspec:\n  host: 0.0.0.0\n  port: 9090\n  routingKey: backend\n  type: tcp\n", ""}},
		{"listener-generate-in-a-cluster", cluster(), "listener generate backend 9090 --routing-key k", result{0, "apiVersion: skupper.io/v2alpha1\nkind: Listener\nmetadata:\n  name: backend\nspec:\n  host: backend\n  port: 9090\n  routingKey: k\n  type: tcp\n", ""}},
		{"listener-status", local(west(), &v2alpha1.Listener{ObjectMeta: named("a"), Spec: v2alpha1.ListenerSpec{RoutingKey: "k", Host: "h", Port: 1}}), "listener status", result{0,
			"NAME   STATUS    ROUTING-KEY   HOST   PORT   MATCHING-CONNECTOR   MESSAGE\na      Pending   k             h      1      false                Not Configured\n", ""}},
		{"connector-create", local(west()), "connector create backend 8080", result{0, "connector/backend created\n", ""}},
		{"connector-generate", local(), "connector generate backend 8080 -r k", result{0, "apiVersion: skupper.io/v2alpha1\nkind: Connector\nmetadata:\n  name: backend\nspec:\n  host: localhost\n  port: 8080\n  routingKey: k\n  type: tcp\n", ""}},
		{"connector-generate-in-a-cluster", cluster(), "connector generate backend 8080", result{0, "apiVersion: skupper.io/v2alpha1\nkind: Connector\nmetadata:\n  name: backend\nspec:\n  port: 8080\n  routingKey: backend\n  selector: app=backend\n  type: tcp\n", ""}},
		{"connector-generate-of-a-workload", cluster(), "connector generate backend 8080 --workload deployment/x", result{2, "", "Error: connector generate: workload is \"deployment/x\", but generate looks nothing up: give its selector\ntry: test skupper connector generate --help\n"}},
		{"connector-status-in-a-cluster", cluster(west(), &v2alpha1.Connector{ObjectMeta: named("a"), Spec: v2alpha1.ConnectorSpec{RoutingKey: "k", Selector: "app=a", Port: 1}}), "connector status a", result{0,
			"Name:                  a\nStatus:                Pending\nRouting key:           k\nSelector:              app=a\nHost:\nPort:                  1\nHas Matching Listener: false\nMessage:               Not Configured\n", ""}},
		{"token-status-none", local(west()), "token status", result{0, "", "no tokens have been issued in namespace default\nnext: test skupper token issue FILE\n"}},
		{"token-revoke-not-there", local(west()), "token revoke x", result{4, "", "Error: there is no token \"x\" in namespace default\ntry: test skupper token status lists those there are\n"}},
		{"token-issue-no-access", local(&v2alpha1.Site{ObjectMeta: named("east")}), "token issue -", result{1, "", "Error: site east accepts no links\ntry: test skupper site update east --enable-link-access\n"}},
		{"token-redeem-no-file", local(west()), "token redeem /nonexistent/t.yaml", result{4, "", "Error: there is no file /nonexistent/t.yaml\n"}},
		{"system-status", local(west()), "system status", result{0, "Namespace:        default\nPlatform:         linux\nSite:             west\nRouter:           not running (exit status 1)\n" +
			"Agent:            running, process 7\nStarts by itself: false\nDirectory:        /home/u/x\n", "the router ended 3 times\n"}},
		{"system-start", local(west()), "system start", result{0, "site/west started\n", "waiting for the processes of site west to start\n"}},
		{"system-stop", local(west()), "system stop", result{0, "site/west stopped\n", "next: test skupper system start\n"}},
		{"system-stop-nothing", local(), "system stop", result{4, "", "Error: there is no site in namespace default\ntry: test skupper site create NAME\n"}},
		{"system-install-manual", local(), "system install --reload-type manual", result{0, "", "sites that are not stopped start by themselves from now on\nchanges take effect at once all the same: reload-type manual has no meaning here\n"}},
		{"system-uninstall-refused", local(west()), "system uninstall", result{1, "", "Error: site west runs\n"}},
		{"system-uninstall-forced", local(west()), "system uninstall -f", result{0, "", "no site runs any more, and the agent has ended; what belongs to sites is kept\n"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := call(t, tc.host, "", strings.Fields(tc.in)...); got != tc.want {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
			if tc.host.opened != tc.host.closed || tc.host.opened > 1 {
				t.Errorf("opened %d times, closed %d times", tc.host.opened, tc.host.closed)
			}
		})
	}
}

// What a flag changes is seen in the store, wherever it stands.
func TestFlagsAfterOperands(t *testing.T) {
	h := local(west())
	if r := call(t, h, "", "connector", "create", "backend", "--host", "db.example", "8080", "--routing-key=k", "--wait", "none"); r.code != 0 {
		t.Fatal(r)
	}
	o, err := h.store.Get(t.Context(), "Connector", "backend")
	if err != nil {
		t.Fatal(err)
	}
	if s := o.(*v2alpha1.Connector).Spec; s.Host != "db.example" || s.RoutingKey != "k" || s.Port != 8080 {
		t.Errorf("got %+v", s)
	}
	if r := call(t, h, "", "site", "update", "--advertise", "a.example,b.example", "--advertise", "c.example"); r.code != 0 {
		t.Fatal(r)
	}
	if o, err = h.store.Get(t.Context(), "Site", "west"); err != nil || o.(*v2alpha1.Site).Spec.Settings[op.SettingAdvertise] != "a.example,b.example,c.example" {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestApplyCommands(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const site = "apiVersion: skupper.io/v2alpha1\nkind: Site\nmetadata:\n  name: west\n"
	const listener = `{"apiVersion":"skupper.io/v2alpha1","kind":"Listener","metadata":{"name":"a"},"spec":{"routingKey":"k","host":"h","port":1}}`
	write("site.yml", site)
	write("a,b.json", listener)
	write("notes.txt", "not read")
	h := local()
	for _, tc := range []struct {
		name, stdin string
		args        []string
		want        result
	}{
		{"directory", "", []string{"system", "apply", "-f", dir}, result{0, "Site west created\nListener a created\n", ""}},
		{"again-by-file", "", []string{"system", "apply", "-f", filepath.Join(dir, "site.yml"), "-f", filepath.Join(dir, "a,b.json")}, result{0, "Site west unchanged\nListener a unchanged\n", ""}},
		{"stdin", site + "spec:\n  ha: true\n", []string{"system", "apply", "-f", "-"}, result{0, "Site west updated\n", ""}},
		{"delete", listener, []string{"system", "delete", "-f", "-"}, result{0, "Listener a deleted\n", ""}},
		{"delete-again", listener + site, []string{"system", "delete", "-f", "-"}, result{2, "", ""}},
		{"delete-part", site + "---\n" + listener, []string{"system", "delete", "-f", "-"}, result{4, "Site west deleted\n", "Error: there is no listener \"a\" in namespace default\ntry: test skupper listener status lists those there are\n"}},
		{"empty", "", []string{"system", "apply", "-f", "-"}, result{2, "", "Error: system apply: there is no resource in what filename names\n"}},
		{"no-file", "", []string{"system", "apply", "-f", "/nonexistent"}, result{4, "", "Error: there is no file /nonexistent\n"}},
		{"empty-directory", "", []string{"system", "apply", "-f", t.TempDir()}, result{2, "", ""}},
		{"not-yaml", "a: b: c", []string{"system", "apply", "-f", "-"}, result{2, "", ""}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := call(t, h, tc.stdin, tc.args...)
			if tc.want.code == 2 && tc.want.err == "" && strings.HasPrefix(got.err, "Error: ") {
				got.err = "" // its words are those of who reads documents
			}
			if got != tc.want {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

func TestExitCodes(t *testing.T) {
	for _, tc := range []struct {
		err  error
		code int
		text string
	}{
		{errors.New("x"), 1, "Error: x\n"},
		{fault.New(fault.Usage, "x", ""), 2, "Error: x\n"},
		{fault.New(fault.Late, "x", ""), 3, "Error: x\n"},
		{fault.New(fault.Missing, "x", "site create NAME"), 4, "Error: x\ntry: test skupper site create NAME\n"},
		{fault.New(fault.Denied, "x", "issue one: `token issue FILE`"), 5, "Error: x\ntry: issue one: test skupper token issue FILE\n"},
		{fault.New(fault.Conflict, "x", "see `man 1 x`"), 6, "Error: x\ntry: see `man 1 x`\n"},
	} {
		h := local(west())
		h.ports = func(p *op.Ports) { p.Store = failing{p.Store, tc.err} }
		if got := call(t, h, "", "link", "status", "x"); got.code != tc.code || !strings.HasSuffix(got.err, strings.TrimPrefix(tc.text, "Error: ")) && tc.code != 4 {
			t.Errorf("%v: %+v", tc.err, got)
		}
		var text strings.Builder
		report(t.Context(), &text, shown{h.Command(), nil, Tree(h, host.Streams{}), false}, tc.err)
		if text.String() != tc.text {
			t.Errorf("%v: got %q, want %q", tc.err, text.String(), tc.text)
		}
	}
}

// TestCommandsSayWhere has commands in hints: they get what says where the site is, unless that is not what they are about.
func TestCommandsSayWhere(t *testing.T) {
	h := cluster()
	top := append(Tree(h, host.Streams{}), &cli.Command{Name: "install"})
	here := []hereFlag{{"namespace", " --namespace west"}, {"context", " --context c"}}
	for _, tc := range []struct {
		own       bool
		hint, out string
	}{
		{false, "`site status` shows it", "test skupper site status --namespace west --context c shows it"},
		{false, "`site status --namespace east`", "test skupper site status --namespace east --context c"},
		{false, "`install` puts it there", "test skupper install --context c puts it there"},
		{true, "`install --force` replaces it", "test skupper install --force --namespace west --context c replaces it"},
		{true, "`install --namespace east` changes that", "test skupper install --namespace east --context c changes that"},
	} {
		if got := (shown{h.Command(), here, top, tc.own}).qualify(tc.hint); got != tc.out {
			t.Errorf("%s: got %q, want %q", tc.hint, got, tc.out)
		}
	}
}

func TestReportOfSeveral(t *testing.T) {
	var text strings.Builder
	h := local()
	report(t.Context(), &text, shown{h.Command(), nil, Tree(h, host.Streams{}), false}, errors.Join(errors.New("from\x1b[2J outside"), errors.New("b\nc")))
	if want := "Error: 2 things failed:\n  from[2J outside\n  b\n  c\n"; text.String() != want {
		t.Errorf("got %q, want %q", text.String(), want)
	}
}

type siteStore = site.Store

type failing struct {
	siteStore
	err error
}

func (f failing) Get(context.Context, string, string) (v2alpha1.Object, error) { return nil, f.err }

func TestInterrupted(t *testing.T) {
	h := cluster()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	var out, text strings.Builder
	code := Main(ctx, h, host.Streams{Out: &out, Err: &text}, []string{"site", "create", "west"})
	if code != 1 || !strings.Contains(text.String(), "Error: interrupted: wait for site west") || out.String() != "" {
		t.Errorf("%d %q %q", code, out.String(), text.String())
	}
}

func aWaitingToken(name string) *v2alpha1.AccessToken {
	o := &v2alpha1.AccessToken{ObjectMeta: metav1.ObjectMeta{Name: name}}
	o.Status.Message = "no route to host"
	return o
}
