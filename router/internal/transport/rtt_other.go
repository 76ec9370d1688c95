//go:build !linux

package transport

import "time"

// RTT is not known here.
func (s *Socket) RTT() time.Duration { return 0 }
