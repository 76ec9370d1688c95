package op

import (
	"reflect"
	"testing"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/fault"
)

func TestParseKeys(t *testing.T) {
	for _, tc := range []struct {
		strategy string
		words    []string
		want     Keys
	}{
		{"", []string{"a", "b"}, Keys{StrategyPriority, []string{"a", "b"}, nil}},
		{"", []string{"a=2", "b"}, Keys{StrategyWeighted, []string{"a", "b"}, map[string]int{"a": 2, "b": 1}}},
		{"weighted", []string{"a"}, Keys{StrategyWeighted, []string{"a"}, map[string]int{"a": 1}}},
		{"priority", []string{"a=2"}, Keys{StrategyPriority, []string{"a=2"}, nil}}, // a key may have that sign
		{"weighted", []string{"a=b"}, Keys{StrategyWeighted, []string{"a=b"}, map[string]int{"a=b": 1}}},
	} {
		if got, err := ParseKeys(tc.strategy, tc.words); err != nil || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%q %q: %+v, %v", tc.strategy, tc.words, got, err)
		}
	}
	_, err := ParseKeys("best", []string{"a", "a", "$x"})
	wantFaults(t, err, `strategy is "best", want priority or weighted`, "key a is given twice", `key is "$x"`)
	_, err = ParseKeys("weighted", []string{"a=0"})
	wantFaults(t, err, "weight of key a is 0, want 1 to 2147483647")
	_, err = ParseKeys("", []string{"a=2147483648", "b=2147483647"}) // the router would refuse the configuration of the whole site
	wantFaults(t, err, "weight of key a is 2147483648, want 1 to 2147483647")
	_, err = ParseKeys("", []string{"a=99999999999999999999"})
	wantFaults(t, err, "weight of key a is 9223372036854775807, want 1 to 2147483647")
	_, err = ParseKeys("", nil)
	wantFaults(t, err, "there are 0 keys")
}

func TestMultiKeyListener(t *testing.T) {
	store := newMemory(west(), &v2alpha1.Listener{ObjectMeta: named("plain"), Spec: v2alpha1.ListenerSpec{RoutingKey: "k", Host: "h", Port: 80}})
	p, none := Ports{Store: store}, Wait{WaitNone, 1 << 40}
	keys, err := ParseKeys("", []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	c := CreateMultiKeyListener{Name: "several", Port: 81, Host: "h", Keys: keys, Wait: none}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if did, err := c.Run(t.Context(), p, nil); err != nil || did.Did != Created {
		t.Fatalf("%+v %v", did, err)
	}
	if did, err := c.Run(t.Context(), p, nil); err != nil || did.Did != Unchanged {
		t.Errorf("again: %+v %v", did, err)
	}
	c.Name = "plain"
	_, err = c.Run(t.Context(), p, nil)
	wantKind(t, err, fault.Conflict, `there is a listener "plain" already`)
	_, err = CreateListener{Name: "several", Port: 90, Host: "h", Type: "tcp", Wait: none}.Run(t.Context(), p, nil)
	wantKind(t, err, fault.Conflict, `there is a multikeylistener "several" already`)
	_, err = CreateListener{Name: "other", Port: 81, Host: "h", Type: "tcp", Wait: none}.Run(t.Context(), p, nil)
	wantKind(t, err, fault.Conflict, "multikeylistener several has h:81 already")

	weighted, _ := ParseKeys("weighted", []string{"a"})
	_, err = UpdateMultiKeyListener{Name: "several", Keys: &weighted, Wait: none}.Run(t.Context(), p, nil)
	wantKind(t, err, fault.Usage, "strategy is immutable")
	more, _ := ParseKeys("", []string{"c", "a"})
	port := 82
	if _, err = (UpdateMultiKeyListener{Name: "several", Keys: &more, Port: &port, Wait: none}).Run(t.Context(), p, nil); err != nil {
		t.Fatal(err)
	}
	l := must[*v2alpha1.MultiKeyListener](t, store, "several")
	if got := KeysOf(l); !reflect.DeepEqual(got, []string{"c", "a"}) || l.Spec.Port != 82 || l.Spec.Host != "h" {
		t.Errorf("got %+v", l.Spec)
	}

	found, err := ListenerStatus{}.Run(t.Context(), p)
	if err != nil || len(found.Items) != 2 || v2alpha1.KindOf(found.Items[1]) != v2alpha1.KindMultiKeyListener {
		t.Errorf("%+v %v", found, err)
	}
	if found, err = (ListenerStatus{Name: "several"}).Run(t.Context(), p); err != nil || len(found.Items) != 1 {
		t.Errorf("%+v %v", found, err)
	}
	if did, err := (DeleteListener{Name: "several", Gone: Gone{Timeout: 1 << 40}}).Run(t.Context(), p, nil); err != nil || did.Kind != v2alpha1.KindMultiKeyListener {
		t.Errorf("%+v %v", did, err)
	}
	_, err = DeleteListener{Name: "several", Gone: Gone{Timeout: 1 << 40}}.Run(t.Context(), p, nil)
	wantKind(t, err, fault.Missing, `there is no listener "several"`)
}

func TestRoles(t *testing.T) {
	all, err := ParseRoles(nil)
	if err != nil || RolesText(all) != "inter-router:55671,edge:45671" || all[0].Port != 55671 {
		t.Errorf("%v %v", all, err)
	}
	if all, err = ParseRoles([]string{"edge:4000"}); err != nil || RolesText(all) != "edge:4000" {
		t.Errorf("%v %v", all, err)
	}
	_, err = ParseRoles([]string{"normal", "edge:x", "edge:70000", "inter-router:70000"})
	wantFaults(t, err, `role is "normal"`, `the port of role edge is "x"`, "the port of role edge is 70000", "role edge is given twice", "roles edge and inter-router both have port 70000")
}

func TestRouterAccess(t *testing.T) {
	store := newMemory(west())
	p, none := Ports{Store: store}, Wait{WaitNone, 1 << 40}
	roles, _ := ParseRoles([]string{"inter-router"})
	c := CreateRouterAccess{Name: "partners", Access: RouterAccessFields{Roles: roles, Generate: true}, AccessType: "default", AccessTypes: []string{"default", "route"},
		Settings: []Setting{{"a", "1", false}}, Wait: none}
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Run(t.Context(), p, nil); err != nil {
		t.Fatal(err)
	}
	hosts := []string{"west.example.com"}
	u := UpdateRouterAccess{Name: "partners", Hosts: &hosts, Settings: []Setting{{"a", "", true}, {"b", "2", false}}, Wait: none}
	if _, err := u.Run(t.Context(), p, nil); err != nil {
		t.Fatal(err)
	}
	want := v2alpha1.RouterAccessSpec{Roles: roles, TLSCredentials: "partners", GenerateTLSCredentials: true, SubjectAlternativeNames: hosts, Settings: map[string]string{"b": "2"}}
	if got := must[*v2alpha1.RouterAccess](t, store, "partners").Spec; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	c.AccessType = "bogus"
	wantFaults(t, c.Check(), `access-type is "bogus", want default or route`)
	c.AccessType, c.Name, c.Access.Generate = "", "own", false
	_, err := c.Run(t.Context(), p, nil)
	wantKind(t, err, fault.Missing, `there is no secret "own"`)
}

func TestAttached(t *testing.T) {
	store := newMemory()
	p, none := Ports{Store: store}, Wait{WaitNone, 1 << 40}
	a := CreateAttachedConnector{Name: "backend", Port: 80, SiteNamespace: "west", Type: "tcp", Wait: none}
	b := CreateBinding{Name: "backend", ConnectorNamespace: "shop", Wait: none}
	for _, c := range []interface{ Check() error }{a, b} {
		if err := c.Check(); err != nil {
			t.Error(err)
		}
	}
	for range 2 {
		if _, err := a.Run(t.Context(), p, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Run(t.Context(), p, nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := must[*v2alpha1.AttachedConnector](t, store, "backend").Spec; got.Selector != "app=backend" || got.SiteNamespace != "west" {
		t.Errorf("%+v", got)
	}
	port, key := 81, "key"
	if _, err := (UpdateAttachedConnector{Name: "backend", Port: &port, Selector: "a in (b)", Wait: none}).Run(t.Context(), p, nil); err != nil {
		t.Error(err)
	}
	if _, err := (UpdateBinding{Name: "backend", RoutingKey: &key, Wait: none}).Run(t.Context(), p, nil); err != nil {
		t.Error(err)
	}
	if got := must[*v2alpha1.AttachedConnector](t, store, "backend").Spec; got.Selector != "a in (b)" || got.Port != 81 || got.SiteNamespace != "west" {
		t.Errorf("%+v", got)
	}
	if got := must[*v2alpha1.AttachedConnectorBinding](t, store, "backend").Spec; got.RoutingKey != "key" || got.ConnectorNamespace != "shop" {
		t.Errorf("%+v", got)
	}
	wantFaults(t, CreateAttachedConnector{Name: "x", Port: 0, Type: "udp", Wait: none}.Check(), "site-namespace is empty", "port is 0", `type is "udp"`)
}
