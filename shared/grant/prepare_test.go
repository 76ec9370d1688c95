package grant

import (
	"strings"
	"testing"
	"time"

	"github.com/skupper-plugins/suite/shared/api/v2alpha1"
	"github.com/skupper-plugins/suite/shared/token"
)

func TestPrepare(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*v2alpha1.AccessGrant)
		want   func(*v2alpha1.AccessGrant, time.Time) bool
		err    string
	}{
		{name: "defaults", want: func(g *v2alpha1.AccessGrant, end time.Time) bool {
			return len(g.Status.Code) == 24 && end.Equal(now.Add(15*time.Minute)) && g.Status.ExpirationTime == "2026-03-01T12:15:00Z"
		}},
		{name: "as the spec says", change: func(g *v2alpha1.AccessGrant) { g.Spec.Code, g.Spec.ExpirationWindow = "sesame", "1h30m" },
			want: func(g *v2alpha1.AccessGrant, end time.Time) bool {
				return g.Status.Code == "sesame" && end.Equal(now.Add(90*time.Minute))
			}},
		{name: "what is out stays", change: func(g *v2alpha1.AccessGrant) {
			g.Status.Code, g.Status.ExpirationTime = "old", "2026-03-01T12:00:01Z"
			g.Spec.Code, g.Spec.ExpirationWindow = "new", "9h"
		}, want: func(g *v2alpha1.AccessGrant, end time.Time) bool {
			return g.Status.Code == "old" && end.Equal(now.Add(time.Second))
		}},
		{name: "redemptions of the record", change: func(g *v2alpha1.AccessGrant) {
			g.Annotations = map[string]string{AnnotationRecord: `{"count":3}`}
		}, want: func(g *v2alpha1.AccessGrant, _ time.Time) bool { return g.Status.Redemptions == 3 }},
		{name: "no duration", change: func(g *v2alpha1.AccessGrant) { g.Spec.ExpirationWindow = "soon" }, err: `Invalid duration "soon"`},
		{name: "negative duration", change: func(g *v2alpha1.AccessGrant) { g.Spec.ExpirationWindow = "-1m" }, err: `Invalid duration "-1m"`},
		{name: "long code", change: func(g *v2alpha1.AccessGrant) { g.Spec.Code = strings.Repeat("c", token.MaxCode+1) }, err: "1025 octets"},
		{name: "negative uses", change: func(g *v2alpha1.AccessGrant) { g.Spec.RedemptionsAllowed = -1 }, err: "redemptionsAllowed is -1"},
		{name: "damaged record", change: func(g *v2alpha1.AccessGrant) { g.Annotations = map[string]string{AnnotationRecord: "{"} }, err: AnnotationRecord},
	} {
		t.Run(tt.name, func(t *testing.T) {
			obj := &v2alpha1.AccessGrant{}
			if tt.change != nil {
				tt.change(obj)
			}
			end, err := Prepare(obj, now)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || !tt.want(obj, end) {
				t.Errorf("got %+v, %v, %v", obj.Status, end, err)
			}
		})
	}
}
