package frame

import (
	"fmt"
	"strconv"

	"github.com/skupper-plugins/suite/router/internal/wire"
)

// Text writes a performative in the notation of proton's frame traces, such as
// @open(16) [container-id="A", max-frame-size=0x4000]. Fields that are null are left out.
func Text(p Performative) string {
	v := wire.NewDecoder(p.AppendBody(nil)).Value()
	return string(appendText(nil, v))
}

func appendText(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case uint8, uint16, uint32, uint64:
		return fmt.Appendf(b, "%#x", v)
	case int8, int16, int32, int64, float32, float64, wire.Timestamp:
		return fmt.Append(b, v)
	case wire.Char:
		return append(b, string(rune(v))...)
	case string:
		return appendQuoted(b, v)
	case []byte:
		return appendQuoted(append(b, 'b'), string(v))
	case wire.Symbol:
		return appendSymbolText(b, v)
	case wire.Described:
		return appendDescribed(b, v)
	case wire.List:
		b = append(b, '[')
		return append(appendItems(b, v), ']')
	case wire.Array:
		b = append(b, "@["...)
		return append(appendItems(b, v.Items), ']')
	case []wire.Symbol:
		b = append(b, "@<symbol>["...)
		for i, s := range v {
			b = appendSymbolText(separate(b, i), s)
		}
		return append(b, ']')
	case wire.Map:
		b = append(b, '{')
		for i, p := range v {
			b = append(appendText(separate(b, i), p.Key), '=')
			b = appendText(b, p.Value)
		}
		return append(b, '}')
	}
	return fmt.Appendf(b, "%x", v) // UUID and decimals
}

func appendItems(b []byte, items []any) []byte {
	for i, v := range items {
		b = appendText(separate(b, i), v)
	}
	return b
}

func separate(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ", "...)
	}
	return b
}

func appendDescribed(b []byte, v wire.Described) []byte {
	code, numeric := v.Descriptor.(uint64)
	b = append(b, '@')
	if !numeric {
		b = append(appendText(b, v.Descriptor), ' ')
		return appendText(b, v.Value)
	}
	b = fmt.Appendf(b, "%s(%d) ", Name(code), code)
	names := fieldNames(code)
	list, ok := v.Value.(wire.List)
	if !ok || len(list) > len(names) {
		return appendText(b, v.Value)
	}
	b = append(b, '[')
	shown := 0
	for i, field := range list {
		if field == nil {
			continue
		}
		b = append(separate(b, shown), names[i]...)
		b = appendText(append(b, '='), field)
		shown++
	}
	return append(b, ']')
}

// appendSymbolText quotes a symbol only if it needs it.
func appendSymbolText(b []byte, s wire.Symbol) []byte {
	b = append(b, ':')
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return appendQuoted(b, string(s))
		}
	}
	return append(b, s...)
}

// appendQuoted writes octets that cannot be printed as \xnn.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c > '~':
			b = fmt.Appendf(b, "\\x%02x", c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// fieldNames returns the names of the fields of a described list, in order.
func fieldNames(code uint64) []string {
	switch code {
	case CodeOpen:
		return []string{"container-id", "hostname", "max-frame-size", "channel-max", "idle-time-out", "outgoing-locales",
			"incoming-locales", "offered-capabilities", "desired-capabilities", "properties"}
	case CodeBegin:
		return []string{"remote-channel", "next-outgoing-id", "incoming-window", "outgoing-window", "handle-max",
			"offered-capabilities", "desired-capabilities", "properties"}
	case CodeAttach:
		return []string{"name", "handle", "role", "snd-settle-mode", "rcv-settle-mode", "source", "target", "unsettled",
			"incomplete-unsettled", "initial-delivery-count", "max-message-size", "offered-capabilities",
			"desired-capabilities", "properties"}
	case CodeFlow:
		return []string{"next-incoming-id", "incoming-window", "next-outgoing-id", "outgoing-window", "handle",
			"delivery-count", "link-credit", "available", "drain", "echo", "properties"}
	case CodeTransfer:
		return []string{"handle", "delivery-id", "delivery-tag", "message-format", "settled", "more", "rcv-settle-mode",
			"state", "resume", "aborted", "batchable"}
	case CodeDisposition:
		return []string{"role", "first", "last", "settled", "state", "batchable"}
	case CodeDetach:
		return []string{"handle", "closed", "error"}
	case CodeEnd, CodeClose, CodeRejected:
		return []string{"error"}
	case CodeError:
		return []string{"condition", "description", "info"}
	case CodeReceived:
		return []string{"section-number", "section-offset"}
	case CodeModified:
		return []string{"delivery-failed", "undeliverable-here", "message-annotations"}
	case CodeSource:
		return []string{"address", "durable", "expiry-policy", "timeout", "dynamic", "dynamic-node-properties",
			"distribution-mode", "filter", "default-outcome", "outcomes", "capabilities"}
	case CodeTarget:
		return []string{"address", "durable", "expiry-policy", "timeout", "dynamic", "dynamic-node-properties", "capabilities"}
	case CodeCoordinator:
		return []string{"capabilities"}
	case CodeSASLMechanisms:
		return []string{"sasl-server-mechanisms"}
	case CodeSASLInit:
		return []string{"mechanism", "initial-response", "hostname"}
	case CodeSASLChallenge:
		return []string{"challenge"}
	case CodeSASLResponse:
		return []string{"response"}
	case CodeSASLOutcome:
		return []string{"code", "additional-data"}
	}
	return nil
}
