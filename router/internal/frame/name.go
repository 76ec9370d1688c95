package frame

import "fmt"

// Name returns what AMQP calls the type with a descriptor, or the descriptor in hexadecimal.
func Name(code uint64) string {
	switch code {
	case CodeOpen:
		return "open"
	case CodeBegin:
		return "begin"
	case CodeAttach:
		return "attach"
	case CodeFlow:
		return "flow"
	case CodeTransfer:
		return "transfer"
	case CodeDisposition:
		return "disposition"
	case CodeDetach:
		return "detach"
	case CodeEnd:
		return "end"
	case CodeClose:
		return "close"
	case CodeError:
		return "error"
	case CodeReceived:
		return "received"
	case CodeAccepted:
		return "accepted"
	case CodeRejected:
		return "rejected"
	case CodeReleased:
		return "released"
	case CodeModified:
		return "modified"
	case CodeSource:
		return "source"
	case CodeTarget:
		return "target"
	case CodeCoordinator:
		return "coordinator"
	case CodeSASLMechanisms:
		return "sasl-mechanisms"
	case CodeSASLInit:
		return "sasl-init"
	case CodeSASLChallenge:
		return "sasl-challenge"
	case CodeSASLResponse:
		return "sasl-response"
	case CodeSASLOutcome:
		return "sasl-outcome"
	}
	return fmt.Sprintf("0x%x", code)
}
