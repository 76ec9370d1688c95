package routertest

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// startTimeout is how long a router may take until it answers.
const startTimeout = 20 * time.Second

var errEnded = errors.New("the router has ended by itself")

// ended is nil while the router runs, and tells why it does not any more.
func ended(id string, r Running) error {
	select {
	case <-r.Ended():
		return fmt.Errorf("router %s: %w: %w", id, errEnded, because(r.Err()))
	default:
		return nil
	}
}

func because(err error) error {
	if err == nil {
		return errors.New("it gives no reason")
	}
	return err
}

// watch fails a test as soon as a router ends that nobody has ended.
type watch struct {
	stop, done chan struct{}
}

func watchOver(tb testing.TB, id string, r Running) *watch {
	w := &watch{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		select {
		case <-r.Ended():
		case <-w.stop:
		}
		if err := ended(id, r); err != nil {
			tb.Error(err)
		}
	}()
	return w
}

// end is called before the router is ended.
func (w *watch) end() {
	close(w.stop)
	<-w.done
}
