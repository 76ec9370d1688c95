package agent

import (
	"context"

	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Source is what the agent asks of the router. Entity types are short names, such as "tcpListener" or
// "router.config.address".
type Source interface {
	// Rows lists the entities of a type, each as values by attribute name. Numbers may be of any Go integer
	// type, lists []any or []string, maps map[string]any or wire.Map. A missing value is null; missing
	// identity, name and type are filled in. The result is not kept, nor changed.
	Rows(entityType string) []map[string]any
	// Create makes an entity. Its attributes are string, int64, bool, map[string]any or []any, checked one by
	// one against the schema, without defaults; name is in them too. It returns the new entity's row, which may lack defaults.
	// Its error may be a *Fault; any other is reported as 500.
	Create(ctx context.Context, entityType, name string, attrs map[string]any) (map[string]any, error)
	// Update changes the given attributes of the entity that has the name; nil takes a value away.
	// A nil row from Create or Update means that nothing needs adding to what is known.
	Update(ctx context.Context, entityType, name string, attrs map[string]any) (map[string]any, error)
	// Delete removes the entity that has the name.
	Delete(ctx context.Context, entityType, name string) error
}

// Agent answers management requests.
type Agent struct {
	src Source
}

// New returns an agent that speaks for src.
func New(src Source) *Agent { return &Agent{src: src} }

// Handle answers one request, given the message's sections after the router annotations. The reply, of the same
// form, goes to replyTo; ok is false if there is nobody to reply to.
func (a *Agent) Handle(ctx context.Context, req []byte) (replyTo string, reply []byte, ok bool) {
	if len(req) > MaxRequest {
		return a.tooLarge(req)
	}
	m, err := message.Parse(req)
	if err != nil || m.ReplyTo == "" {
		return "", nil, false
	}
	r, fault := parse(m)
	var body any
	code, text := 0, ""
	if fault == nil {
		code, text, body, fault = a.answer(ctx, r)
	}
	if fault != nil {
		code, text, body = fault.Code, fault.Text, wire.Map{}
	}
	reply, err = respond(m.ReplyTo, m.CorrelationID, code, text, body)
	if err != nil {
		reply, err = respond(m.ReplyTo, m.CorrelationID, 500, "the answer cannot be encoded", wire.Map{})
	}
	return m.ReplyTo, reply, err == nil
}

// tooLarge refuses a request of which only the sections before the body are read.
func (a *Agent) tooLarge(req []byte) (string, []byte, bool) {
	h, _, err := message.ParseHead(req, true)
	if err != nil || h.ReplyTo == "" {
		return "", nil, false
	}
	reply, err := respond(h.ReplyTo, h.CorrelationID, 400, "the request is too large", wire.Map{})
	return h.ReplyTo, reply, err == nil
}

// respond encodes a reply. The correlation-id keeps its AMQP type.
func respond(to string, correlation any, code int, text string, body any) ([]byte, error) {
	m := message.Message{
		HasHeader: true, To: to, CorrelationID: correlation, HasBody: true, Body: body,
		AppProps: wire.Map{{Key: "statusCode", Value: int32(code)}, {Key: "statusDescription", Value: text}},
	}
	return m.Append(nil)
}
