package tcp

import (
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// contentType marks streams of this kind.
const contentType = "application/octet-stream"

// streamHead is the structured part of a stream's message; octets follow. id, which may be empty, is the identity of the flow's record.
func streamHead(to, replyTo, id, alpn string) ([]byte, error) {
	props := wire.Map{{Key: "V", Value: uint32(1)}}
	if alpn != "" {
		props = append(props, wire.Pair{Key: "alpn", Value: alpn})
	}
	m := message.Message{To: to, ReplyTo: replyTo, ContentType: contentType, AppProps: props, HasBody: true}
	if id != "" {
		m.CorrelationID = id
	}
	return m.Append(nil)
}
