package claims

import (
	"fmt"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestLanes(t *testing.T) {
	l := newLanes()
	key := func(ns string, n int) client.ObjectKey { return client.ObjectKey{Namespace: ns, Name: fmt.Sprint(n)} }
	var leaves []func()
	for n := range perNamespace {
		leave, _ := l.enter(key("busy", n))
		if leave == nil {
			t.Fatalf("exchange %d has to wait", n+1)
		}
		leaves = append(leaves, leave)
	}
	last := key("busy", perNamespace)
	for range 20 {
		leave, again := l.enter(last)
		if leave != nil || again < firstTurn || again > lastTurn {
			t.Fatalf("beyond %d: again in %v", perNamespace, again)
		}
	}
	if leave, _ := l.enter(key("other", 0)); leave == nil {
		t.Error("another namespace has to wait")
	} else {
		leave()
	}
	leaves[0]()
	leave, _ := l.enter(last)
	if leave == nil {
		t.Error("there is room, and it is not given")
	} else {
		leaves[0] = leave
	}
	for _, f := range leaves {
		f()
	}
	if len(l.busy) != 0 || len(l.turned) != 0 {
		t.Errorf("left: %v %v", l.busy, l.turned)
	}
	for range perNamespace {
		l.enter(key("busy", 0))
	}
	l.enter(last)
	if l.forget(last); len(l.turned) != 0 {
		t.Errorf("not forgotten: %v", l.turned)
	}
}
