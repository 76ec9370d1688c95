package load

import (
	"context"
	"fmt"
	"sync"
)

// openers is how many connections are made at once when many are wanted.
const openers = 32

// Idle holds connections on which nothing happens. It is for one goroutine.
type Idle struct {
	c    *Client
	done []func()
}

// Idle holds none, as yet.
func (c *Client) Idle() *Idle { return &Idle{c: c} }

// Grow makes connections, each with one octet to and fro, until there are n of them.
func (i *Idle) Grow(ctx context.Context, n int) error {
	var (
		mu    sync.Mutex
		last  error
		all   sync.WaitGroup
		slots = make(chan struct{}, openers)
		want  = n - len(i.done)
	)
	for range want {
		slots <- struct{}{}
		all.Go(func() {
			_, done, err := i.c.open(ctx, wantEcho)
			mu.Lock()
			if err != nil {
				last = err
			} else {
				i.done = append(i.done, done)
			}
			mu.Unlock()
			<-slots
		})
	}
	all.Wait()
	if last != nil {
		return fmt.Errorf("only %d of %d connections: %w", len(i.done), n, last)
	}
	return nil
}

// Close ends all connections.
func (i *Idle) Close() {
	for _, done := range i.done {
		done()
	}
	i.done = nil
}
