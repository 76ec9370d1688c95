package frame

// Descriptors (AMQP 2.7, 2.8, 3.4, 3.5, 4.5 and 5.3).
const (
	CodeOpen           = 0x10
	CodeBegin          = 0x11
	CodeAttach         = 0x12
	CodeFlow           = 0x13
	CodeTransfer       = 0x14
	CodeDisposition    = 0x15
	CodeDetach         = 0x16
	CodeEnd            = 0x17
	CodeClose          = 0x18
	CodeError          = 0x1d
	CodeReceived       = 0x23
	CodeAccepted       = 0x24
	CodeRejected       = 0x25
	CodeReleased       = 0x26
	CodeModified       = 0x27
	CodeSource         = 0x28
	CodeTarget         = 0x29
	CodeCoordinator    = 0x30
	CodeSASLMechanisms = 0x40
	CodeSASLInit       = 0x41
	CodeSASLChallenge  = 0x42
	CodeSASLResponse   = 0x43
	CodeSASLOutcome    = 0x44
)

// Conditions of errors that the codec and its callers name most (AMQP 2.8.15 to 2.8.18).
const (
	ConditionDecodeError     = "amqp:decode-error"
	ConditionFramingError    = "amqp:connection:framing-error"
	ConditionInvalidField    = "amqp:invalid-field"
	ConditionConnForced      = "amqp:connection:forced"
	ConditionInternalError   = "amqp:internal-error"
	ConditionNotFound        = "amqp:not-found"
	ConditionNotImplemented  = "amqp:not-implemented"
	ConditionResourceLimit   = "amqp:resource-limit-exceeded"
	ConditionNotAllowed      = "amqp:not-allowed"
	ConditionUnauthorized    = "amqp:unauthorized-access"
	ConditionWindowViolation = "amqp:session:window-violation"
	ConditionUnattached      = "amqp:session:unattached-handle"
	ConditionHandleInUse     = "amqp:session:handle-in-use"
	ConditionErrantLink      = "amqp:session:errant-link"
	ConditionDetachForced    = "amqp:link:detach-forced"
	ConditionTransferLimit   = "amqp:link:transfer-limit-exceeded"
	ConditionMessageTooLarge = "amqp:link:message-size-exceeded"
)
