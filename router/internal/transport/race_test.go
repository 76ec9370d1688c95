package transport

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestRace: addresses that answer nothing, or refuse, keep nobody from the one that works; those that lose are closed.
func TestRace(t *testing.T) {
	for name, c := range map[string]struct {
		addrs []string
		want  string // the address, or a part of the error
		tried int32
	}{
		"the first":       {[]string{"good", "dead", "dead"}, "good", 1},
		"behind the dead": {[]string{"dead", "dead", "good"}, "good", 3},
		"after refusals":  {[]string{"refuses", "refuses", "good"}, "good", 3},
		"nobody":          {[]string{"refuses", "refuses"}, "refused by refuses", 2},
		"late winner":     {[]string{"late", "good"}, "good", 2},
	} {
		t.Run(name, func(t *testing.T) {
			var tried, open atomic.Int32
			won, err := race(t.Context(), c.addrs, func(ctx context.Context, addr string) (net.Conn, error) {
				tried.Add(1)
				switch addr {
				case "refuses":
					return nil, errors.New("refused by " + addr)
				case "dead":
					<-ctx.Done()
					return nil, ctx.Err()
				case "late": // connects although it has lost
					<-ctx.Done()
				}
				open.Add(1)
				return counted{name: addr, open: &open}, nil
			})
			switch {
			case err != nil && !strings.Contains(err.Error(), c.want):
				t.Errorf("got %v, want %s", err, c.want)
			case err == nil && won.(counted).name != c.want:
				t.Errorf("%v won, want %s", won, c.want)
			case err == nil && open.Load() != 1 || tried.Load() < c.tried:
				t.Errorf("%d connections are open, %d addresses were tried, want 1 and %d or more", open.Load(), tried.Load(), c.tried)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := race(ctx, []string{"a", "b"}, func(ctx context.Context, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// counted is a connection that counts itself out.
type counted struct {
	net.Conn
	name string
	open *atomic.Int32
}

func (c counted) Close() error {
	c.open.Add(-1)
	return nil
}
