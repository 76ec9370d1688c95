package manage

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/Azure/go-amqp"

	"github.com/skupper-plugins/suite/router/config"
)

// StatusError is the router's refusal of a request.
type StatusError struct {
	Code        int    // as in HTTP: 400, 404, 500, 501
	Description string // the router's words
	Op          string // such as "CREATE"
	Type        string // short entity type
	Name        string // of the entity; empty for queries
}

// Error says what was refused and why.
func (e *StatusError) Error() string {
	what := e.Op + " " + e.Type
	if e.Name != "" {
		what += fmt.Sprintf(" %q", e.Name)
	}
	return fmt.Sprintf("%s: the router answered %d: %s", what, e.Code, e.Description)
}

// IsNotFound says whether err is the router saying that there is no such entity.
func IsNotFound(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Code == 404
}

func isStatus(err error) bool {
	var status *StatusError
	return errors.As(err, &status)
}

// joined is nil for no errors; else its text has a line each.
func joined(errs []error) error { return errors.Join(errs...) }

// request is one call.
type request struct {
	op, entityType, name string // the type is short
	props                map[string]any
	body                 map[string]any
}

// do sends a request, waits for the reply with its correlation-id and returns the reply's body.
func (c *Client) do(ctx context.Context, r request) (any, error) {
	c.one.Lock()
	defer c.one.Unlock()
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	c.guard.allow(MaxReply)
	reply, err := c.exchange(limited, r)
	if err != nil {
		if late := c.late(ctx, limited, err); late != nil {
			err = late
		}
		return nil, fmt.Errorf("%s %s: %w", r.op, r.entityType, err)
	}
	code, ok := config.Integer(reply.ApplicationProperties["statusCode"])
	if !ok {
		return nil, fmt.Errorf("%s %s: the reply has no statusCode", r.op, r.entityType)
	}
	if code < 200 || code > 299 {
		text, _ := reply.ApplicationProperties["statusDescription"].(string)
		if len(text) > maxDescribed {
			text = text[:maxDescribed] + "…"
		}
		return nil, &StatusError{Code: int(code), Description: text, Op: r.op, Type: r.entityType, Name: r.name}
	}
	return reply.Value, nil
}

func (c *Client) exchange(ctx context.Context, r request) (*amqp.Message, error) {
	c.next++
	id, replyTo := c.next, c.receiver.Address()
	body := r.body
	if body == nil {
		body = map[string]any{}
	}
	msg := &amqp.Message{
		Properties:            &amqp.MessageProperties{ReplyTo: &replyTo, CorrelationID: id},
		ApplicationProperties: r.props,
		Value:                 body,
	}
	if err := c.sender.Send(ctx, msg, nil); err != nil {
		return nil, Unsent(ctx, err)
	}
	for range maxStale {
		reply, err := c.receiver.Receive(ctx, nil)
		if err != nil {
			return nil, err
		}
		if err := c.receiver.AcceptMessage(ctx, reply); err != nil {
			return nil, err
		}
		if reply.Properties == nil {
			continue
		}
		if got, ok := config.Integer(reply.Properties.CorrelationID); ok && got == int64(id) {
			return reply, nil
		}
	}
	return nil, fmt.Errorf("no reply among %d messages", maxStale)
}

// late tells the end of our own time limit, as a *TimeoutError, from that of the caller's; nil if err is neither.
// A socket may notice that the time is up before the context does.
func (c *Client) late(caller, ours context.Context, err error) error {
	var slow net.Error
	if caller.Err() != nil || ours.Err() == nil && !(errors.As(err, &slow) && slow.Timeout()) {
		return nil
	}
	theirs, limited := caller.Deadline()
	if end, _ := ours.Deadline(); limited && !theirs.After(end) {
		return context.DeadlineExceeded
	}
	return &TimeoutError{After: c.timeout}
}
