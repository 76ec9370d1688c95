package namespace

import (
	"reflect"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/site"
)

// What was said of the network holds while nothing is said, or nothing that can be read, also before the cache shows it in the site's status. What was said
// of the network of a site that is gone does not.
func TestMissNetwork(t *testing.T) {
	said := []v2alpha1.SiteRecord{{ID: "1", Name: "west"}}
	r := &reconciler{heard: map[string]hearing{}}
	look := func(uid types.UID, network []v2alpha1.SiteRecord, blind string) site.Observed {
		w := &world{namespace: "ns"}
		w.resources.Sites = []*v2alpha1.Site{{ObjectMeta: metav1.ObjectMeta{Name: "west", UID: uid}}}
		w.resources.ActiveSite = string(uid)
		w.observed.Network, w.observed.Blind = network, blind
		r.missNetwork(w)
		return w.observed
	}
	if o := look("a", nil, ""); o.Network != nil || o.Blind != "" {
		t.Errorf("before anything is said: %+v", o)
	}
	if o := look("a", said, ""); !reflect.DeepEqual(o.Network, said) || o.Blind != "" {
		t.Errorf("said: %+v", o)
	}
	for range 2 {
		if o := look("a", nil, ""); !reflect.DeepEqual(o.Network, said) || o.Blind == "" {
			t.Errorf("nothing is said now: %+v", o)
		}
	}
	if o := look("a", nil, "cannot be read"); !reflect.DeepEqual(o.Network, said) || o.Blind != "cannot be read" {
		t.Errorf("it cannot be read: %+v", o)
	}
	if o := look("b", nil, ""); o.Network != nil || o.Blind != "" {
		t.Errorf("another site: %+v", o)
	}
	if o := look("a", nil, ""); o.Network != nil {
		t.Errorf("the former again: %+v", o)
	}
}
