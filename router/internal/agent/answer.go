package agent

import (
	"context"
	"strings"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// nodeOperations are what the management node itself does.
var nodeOperations = []string{
	"GET-SCHEMA", "GET-JSON-SCHEMA", "GET-LOG", "QUERY", "GET-TYPES", "GET-ANNOTATIONS",
	"GET-OPERATIONS", "GET-ATTRIBUTES", "GET-MGMT-NODES", "READ",
}

const (
	nodeType     = "management"
	nodeBaseType = "org.amqp.management"
)

// answer carries out a request.
func (a *Agent) answer(ctx context.Context, r *request) (code int, text string, body any, fault *Fault) {
	code, text = 200, "OK"
	switch r.op {
	case "QUERY":
		body, fault = a.query(r)
	case "GET-TYPES":
		body, fault = describe(r, func(t *config.Type) any { return supertypes(t) })
	case "GET-ATTRIBUTES":
		body, fault = describe(r, func(t *config.Type) any { return attributeNames(t) })
	case "GET-OPERATIONS":
		body, fault = describe(r, func(t *config.Type) any { return texts(operations(t)) })
	case "GET-ANNOTATIONS":
		body = wire.Map{}
	case "GET-MGMT-NODES":
		body = a.nodes()
	case "GET-LOG":
		body = a.log(r.limit)
	case "GET-SCHEMA":
		body = schema()
	case "GET-JSON-SCHEMA":
		body, fault = jsonSchema()
	case "READ":
		body, fault = a.read(r)
	case "CREATE":
		code, text = 201, "Created"
		body, fault = a.create(ctx, r)
	case "UPDATE":
		body, fault = a.update(ctx, r)
	case "DELETE":
		code, text = 204, "No Content"
		body, fault = wire.Map{}, a.remove(ctx, r)
	default:
		if fault = a.unknownOperation(r); !r.asks {
			fault = badRequest("No 'operation' property")
		}
	}
	return code, text, body, fault
}

// entity finds the type a request is about.
func (r *request) entity() (*config.Type, *Fault) {
	if r.typ == "" {
		return nil, badRequest("No 'type' attribute")
	}
	t := config.Lookup(r.typ)
	switch {
	case t != nil:
		return t, nil
	case isNode(r.typ):
		return nil, notImplemented(r.op, config.Prefix+nodeType, nodeOperations)
	}
	return nil, badRequest("No such entity type '%s'", clip(r.typ))
}

// can refuses an operation that the type does not have.
func (r *request) can(t *config.Type, op config.Operation) *Fault {
	if t.Operations&op == 0 {
		return notImplemented(r.op, t.FullName(), operations(t))
	}
	return nil
}

func (a *Agent) unknownOperation(r *request) *Fault {
	if t := config.Lookup(r.typ); t != nil && r.typ != "" {
		return notImplemented(r.op, t.FullName(), operations(t))
	}
	return notImplemented(r.op, config.Prefix+nodeType, nodeOperations)
}

func notImplemented(op, fullType string, has []string) *Fault {
	return &Fault{Code: 501, Text: "Operation '" + clip(op) + "' not implemented for '" + fullType +
		"' ['" + strings.Join(has, "', '") + "']"}
}

func isNode(typ string) bool {
	short := strings.TrimPrefix(typ, config.Prefix)
	return short == nodeType || short == nodeBaseType
}

// operations names what a type can do, in the order in which clients are used to see it.
func operations(t *config.Type) []string {
	var out []string
	for _, o := range []struct {
		bit  config.Operation
		name string
	}{{config.OpCreate, "CREATE"}, {config.OpUpdate, "UPDATE"}, {config.OpDelete, "DELETE"}, {config.OpRead, "READ"}} {
		if t.Operations&o.bit != 0 {
			out = append(out, o.name)
		}
	}
	return out
}
