package manage

import (
	"context"
	"errors"
	"fmt"

	"github.com/Azure/go-amqp"
)

// Unsent is the error of sending a message, put right. A sender of the library whose context ends while it waits for credit, or for its turn on a busy
// machine, says amqp:link:transfer-limit-exceeded, as if it had sent more than it may: nothing was sent, and what happened is that the time was up.
func Unsent(ctx context.Context, err error) error {
	var e *amqp.Error
	var said *amqp.LinkError // by the router
	if ctx.Err() != nil && !errors.As(err, &said) && errors.As(err, &e) && e.Condition == amqp.ErrCondTransferLimitExceeded {
		return fmt.Errorf("the router took no message: %w", ctx.Err())
	}
	return err
}
