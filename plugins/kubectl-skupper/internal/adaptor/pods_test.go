package adaptor

import (
	"testing"

	"github.com/skupper-plugins/suite/router/announce"
)

// TestRoutersOfTheSite are those in its pods, once these are known.
func TestRoutersOfTheSite(t *testing.T) {
	p := newPodList()
	self := "skupper-router-7d9f-bcdfg"
	if p.routers(self) != nil {
		t.Error("it is known though nothing was read")
	}
	p.table.replace(map[string]announce.Process{"web-0": {}})
	if p.routers(self) != nil {
		t.Error("it is known though this pod is not")
	}
	p.table.replace(map[string]announce.Process{"web-0": {}, self: {}, "skupper-router-2-66c8-hjklm": {}})
	of := p.routers(self)
	for id, want := range map[string]string{
		"west-" + self:                     self,
		"west-skupper-router-2-66c8-hjklm": "skupper-router-2-66c8-hjklm",
		"west-web-0":                       "",
		"east-skupper-router-7d9f-zzzzz":   "",
		self:                               "",
		"":                                 "",
	} {
		if pod, ours := of(id); pod != want || ours != (want != "") {
			t.Errorf("router %q is in pod %q, %v", id, pod, ours)
		}
	}
}
