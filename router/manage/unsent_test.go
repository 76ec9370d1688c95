package manage

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestNoCredit: a router that takes no request is one that does not answer in time, whoever's time that is, and nothing has gone beyond a limit.
func TestNoCredit(t *testing.T) {
	p := peer{t: t, stingy: true}
	_, err := p.dial(Options{Timeout: 200 * time.Millisecond}).Routers(t.Context())
	var late *TimeoutError
	if !errors.As(err, &late) {
		t.Errorf("after the client's own time: %v, want a TimeoutError", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = p.dial(Options{Timeout: time.Minute}).Routers(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "transfer-limit") {
		t.Errorf("after the caller's time: %v, want a deadline that was exceeded", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err = p.dial(Options{Timeout: time.Minute}).Routers(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("when the caller gave up: %v, want that it was canceled", err)
	}
}
