package agent

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// A site keeps its ports while its router does not run for a moment: another site that asked for one of them meanwhile would have it from then on. One that was
// stopped does not.
func TestPortsBetweenRouters(t *testing.T) {
	n := &namespace{name: "first", agent: &Agent{}}
	listener := &v2alpha1.Listener{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: v2alpha1.ListenerSpec{RoutingKey: "web", Host: "127.0.0.1", Port: 9000}}
	judge := func() {
		now := time.Unix(1e9, 0)
		v2alpha1.SetCondition(now, listener, v2alpha1.ConditionConfigured, nil)
		n.judge(site.Desired{Statuses: []v2alpha1.Object{listener}}, &filestore.Input{}, site.Observed{Now: now}, 0)
	}
	n.wanted.Store(true)
	if other := n.agent.ports.claim(n.name, "127.0.0.1", 9000); other != "" {
		t.Fatal(other)
	}
	judge()
	if other := n.agent.ports.claim("second", "127.0.0.1", 9000); other != "first" {
		t.Errorf("the port is that of %q, want first", other)
	}
	n.wanted.Store(false)
	judge()
	if other := n.agent.ports.claim("second", "127.0.0.1", 9000); other != "" {
		t.Errorf("the port is that of %q, which was stopped", other)
	}
}
