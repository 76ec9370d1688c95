package command

import (
	"context"
	"io"
)

// stdin reads for as long as ctx lasts, so that an interrupt ends a command which waits for a terminal. The read that was
// under way then cannot be ended; it goes with the process.
type stdin struct {
	ctx  context.Context
	from io.Reader
}

func (s stdin) Read(p []byte) (int, error) {
	type answer struct {
		data []byte
		err  error
	}
	got := make(chan answer, 1)
	read := func() {
		buf := make([]byte, len(p)) // p is the caller's again once ctx has ended
		n, err := s.from.Read(buf)
		got <- answer{buf[:n], err}
	}
	go read()
	select {
	case a := <-got:
		return copy(p, a.data), a.err
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
}
