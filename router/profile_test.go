package router_test

import (
	"context"
	"strings"
	"testing"

	"github.com/skupper-plugins/suite/router/manage"
	"github.com/skupper-plugins/suite/router/routertest"
)

// TestProtocolsOfProfile: protocols that are not spoken are refused, from who makes a profile and from who changes one, and the profile stays as it was.
func TestProtocolsOfProfile(t *testing.T) {
	m := routertest.New(t)
	a := m.Add("A", routertest.Engine{})
	m.Start()
	a.Must(func(ctx context.Context, c *manage.Client) error {
		files := map[string]any{"caCertFile": a.Config.SSLProfiles[0].CACertFile, "protocols": "TLSv1.3"}
		if err := c.Create(ctx, "sslProfile", "p", files); err != nil {
			return err
		}
		if err := c.Update(ctx, "sslProfile", "p", map[string]any{"protocols": "SSLv3"}); err == nil || !strings.Contains(err.Error(), `protocols has "SSLv3"`) {
			t.Errorf("update: %v", err)
		}
		files["protocols"] = "TLSv1"
		if err := c.Create(ctx, "sslProfile", "q", files); err == nil || !strings.Contains(err.Error(), "neither TLSv1.2 nor TLSv1.3") {
			t.Errorf("create: %v", err)
		}
		row, err := c.Read(ctx, "sslProfile", "p")
		if err == nil && row["protocols"] != "TLSv1.3" {
			t.Errorf("protocols is %v", row["protocols"])
		}
		return err
	})
}
