package op

import (
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/validate"
)

func ptr[T any](v T) *T { return &v }

var (
	aWait = Wait{For: WaitReady, Timeout: time.Minute}
	aGone = Gone{Timeout: time.Minute}
)

func TestCheck(t *testing.T) {
	long := strings.Repeat("a", validate.MaxName+1)
	for _, tc := range []struct {
		name string
		verb interface{ Check() error }
		want string // separated by "; "; empty is none
	}{
		{"site-create", CreateSite{Name: "west", Wait: aWait}, ""},
		{"site-create-everything-wrong", CreateSite{Name: "West_1", AccessType: "carrier-pigeon", Advertise: []string{"0.0.0.0", "a b"}, AccessTypes: []string{"route", "default"}, Wait: Wait{For: "soon"}},
			`name is "West_1", want lower-case letters, digits, '-' and '.', with a letter or digit at both ends; ` +
				`link-access-type is "carrier-pigeon", want route or default; link-access-type is "carrier-pigeon", but enable-link-access is not given; ` +
				`advertise is "0.0.0.0", which leads nowhere from another machine; advertise is "a b", want a host name or IP address; ` +
				`advertise is given, but enable-link-access is not; wait is "soon", want ready, configured or none; timeout is 0s, want 1s or more`},
		{"site-create-longest-name", CreateSite{Name: long[1:], Wait: aWait}, ""},
		{"site-create-too-long-a-name", CreateSite{Name: long, Wait: aWait}, "name has 254 characters, want 253 or fewer"},
		{"site-create-shortest-timeout", CreateSite{Name: "a", Wait: Wait{WaitNone, time.Second}}, ""},
		{"site-create-too-short-a-timeout", CreateSite{Name: "a", Wait: Wait{WaitNone, time.Second - 1}}, "timeout is 999.999999ms, want 1s or more"},
		{"site-update-nothing", UpdateSite{Wait: aWait}, "nothing to change is given"},
		{"site-update", UpdateSite{LinkAccess: ptr(false), Wait: aWait}, ""},
		{"site-update-remove-advertised", UpdateSite{Advertise: &[]string{""}, Wait: aWait}, ""},
		{"site-update-contradiction", UpdateSite{LinkAccess: ptr(false), AccessType: ptr("route"), AccessTypes: []string{"route"}, Wait: aWait},
			`link-access-type is "route", but enable-link-access is false`},
		{"site-delete", DeleteSite{Gone: aGone}, ""},
		{"site-delete-bad", DeleteSite{Name: "-"}, `name is "-", want lower-case letters, digits, '-' and '.', with a letter or digit at both ends; timeout is 0s, want 1s or more`},
		{"token-issue", IssueToken{1, time.Minute, 1, time.Second}, ""},
		{"token-issue-everything-wrong", IssueToken{Cost: -1}, "redemptions-allowed is 0, want 1 or more; expiration-window is 0s, want 1m or more; cost is -1, want 0 or more; timeout is 0s, want 1s or more"},
		{"token-issue-one-second-short", IssueToken{1, time.Minute - time.Second, 1, time.Second}, "expiration-window is 59s, want 1m or more"},
		{"token-issue-no-cost", IssueToken{1, time.Minute, 0, time.Second}, ""},
		{"token-issue-highest-cost", IssueToken{1, time.Minute, validate.MaxCost, time.Second}, ""},
		{"token-issue-cost-too-high", IssueToken{1, time.Minute, validate.MaxCost + 1, time.Second}, "cost is 16777217, want 1 to 16777216"},
		{"token-redeem", RedeemToken{}, "timeout is 0s, want 1s or more"},
		{"token-revoke", RevokeToken{Gone: soon()}, "name is empty"},
		{"link-generate", GenerateLink{Cost: 1, Generate: true, Timeout: time.Second}, ""},
		{"link-generate-bad", GenerateLink{Name: "A", Host: "::", Cost: -1},
			`name is "A", want lower-case letters, digits, '-' and '.', with a letter or digit at both ends; host is "::", which leads nowhere from another machine; ` +
				`generate-credential is false, but tls-credentials does not say which secret to use instead; cost is -1, want 0 or more; timeout is 0s, want 1s or more`},
		{"link-update-nothing", UpdateLink{Name: "a", Wait: aWait}, "nothing to change is given, want cost or tls-credentials"},
		{"link-update", UpdateLink{Name: "a", Cost: ptr(1), Wait: aWait}, ""},
		{"link-update-no-cost", UpdateLink{Name: "a", Cost: ptr(0), Wait: aWait}, ""},
		{"link-delete", DeleteLink{Name: "a", Gone: aGone}, ""},
		{"listener-create", CreateListener{Name: "a", Port: 65535, Host: "0.0.0.0", Type: "tcp", Wait: aWait}, ""},
		{"listener-create-everything-wrong", CreateListener{Name: "", Port: 65536, RoutingKey: "$management", Host: "bad host!!", Credential: "X", Type: "udp", Wait: aWait},
			`name is empty; port is 65536, want 1 to 65535; routing-key is "$management", but addresses beginning with '$', '_' or 'mc/' belong to the routers; ` +
				`host is "bad host!!", want a host name or IP address; tls-credentials is "X", want lower-case letters, digits, '-' and '.', with a letter or digit at both ends; type is "udp", want tcp`},
		{"listener-create-port-0", CreateListener{Name: "a", Host: "a", Type: "tcp", Wait: aWait}, "port is 0, want 1 to 65535"},
		{"listener-update-nothing", UpdateListener{Name: "a", Wait: aWait}, "nothing to change is given"},
		{"listener-update-empty-values", UpdateListener{Name: "a", Host: ptr(""), RoutingKey: ptr(""), Credential: ptr(""), Wait: aWait}, "routing-key is empty; host is empty, want a host name or IP address"},
		{"listener-delete", DeleteListener{Name: "a", Gone: aGone}, ""},
		{"connector-create-host", CreateConnector{Name: "a", Port: 1, Target: Target{Host: "localhost"}, Type: "tcp", Wait: aWait}, ""},
		{"connector-create-selector", CreateConnector{Name: "a", Port: 1, Target: Target{Selector: "app=a_b,x in (y,z)"}, Type: "tcp", Wait: aWait}, ""},
		{"connector-create-workload", CreateConnector{Name: "a", Port: 1, Target: Target{Workload: "Deployment/web"}, Type: "tcp", Wait: aWait}, ""},
		{"connector-create-no-type-of-workload", CreateConnector{Name: "a", Port: 1, Target: Target{Workload: "web"}, Type: "tcp", Wait: aWait}, `workload is "web", want TYPE/NAME`},
		{"connector-create-bad-type-of-workload", CreateConnector{Name: "a", Port: 1, Target: Target{Workload: "job/web"}, Type: "tcp", Wait: aWait}, `workload type is "job", want deployment, service, daemonset or statefulset`},
		{"connector-create-two-targets", CreateConnector{Name: "a", Port: 1, Target: Target{Host: "h", Selector: "a=b"}, Type: "tcp", Wait: aWait}, "host and selector are given, want one of them only"},
		{"connector-update-nothing", UpdateConnector{Name: "a", Wait: aWait}, "nothing to change is given"},
		{"connector-update", UpdateConnector{Name: "a", IncludeNotReady: ptr(false), Wait: aWait}, ""},
		{"system-start", StartSystem{aWait}, ""},
		{"system-reload", ReloadSystem{}, "timeout is 0s, want 1s or more"},
		{"status-of-all", LinkStatus{}, ""},
		{"status-of-bad-name", SiteStatus{Name: "../x"}, `name is "../x", want lower-case letters, digits, '-' and '.', with a letter or digit at both ends`},
		{"apply-nothing", Apply{Settle: soon()}, "there is no resource in what filename names"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ""
			if err := tc.verb.Check(); err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
