package manage

import (
	"fmt"
	"time"
)

// TimeoutError says that the router did not answer within the client's own limit.
type TimeoutError struct{ After time.Duration }

// Error names the limit.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("no answer from the router within %v", e.After)
}

// Timeout is true, as net.Error has it.
func (*TimeoutError) Timeout() bool { return true }
