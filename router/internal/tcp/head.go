package tcp

import (
	"github.com/skupper-plugins/suite/router/internal/message"
	"github.com/skupper-plugins/suite/router/internal/wire"
)

// contentType marks streams of this kind.
const contentType = "application/octet-stream"

// streamHead is the structured part of a stream's message; octets follow.
func streamHead(to, replyTo, alpn string) ([]byte, error) {
	props := wire.Map{{Key: "V", Value: uint32(1)}}
	if alpn != "" {
		props = append(props, wire.Pair{Key: "alpn", Value: alpn})
	}
	m := message.Message{To: to, ReplyTo: replyTo, ContentType: contentType, AppProps: props, HasBody: true}
	return m.Append(nil)
}
