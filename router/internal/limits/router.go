package limits

import "time"

// Bounds and defaults of connections (AMQP 2.4-2.6).
const (
	// ChannelMax is the highest channel number we announce.
	ChannelMax = 32767
	// MaxSessions is how many sessions one connection may have, in sessions.
	MaxSessions = 1024
	// HandleMax is the highest link handle we announce.
	HandleMax = 0x7fffffff
	// MaxLinks is how many links one connection may have over all its sessions, in links.
	MaxLinks = 1 << 16
	// MaxAttached is how much the attaches of all links of one connection may take, in octets: they are kept as long as the links.
	MaxAttached = 32 << 20
	// MaxUnsettled is how many deliveries a client may leave unsettled before it is sent no more, in deliveries.
	MaxUnsettled = 1 << 14
	// MaxEvents is how many events of one connection are gathered before they are handled, but for those of one frame.
	MaxEvents = 4096
	// RouterIncomingWindow is the session window that routers give each other, in transfers.
	RouterIncomingWindow = 8192
	// EndpointIncomingWindow is the session window that clients get, in transfers.
	EndpointIncomingWindow = 512
	// OutgoingWindow is what we announce; nothing is derived from it, in transfers.
	OutgoingWindow = 0x7fffffff
	// OutputHighWater is how much output of one connection may wait before its producers pause, in octets.
	OutputHighWater = 512 << 10
	// MessageWindow is the session window for streams whose senders mind no window of their own, in transfers: what waits when their receiver is slow.
	MessageWindow = 512
	// HeldWindow is what a session's window is made while the receiver of one of its streams is slow, in transfers.
	HeldWindow = 64
	// WindowShare is the part of the router's budget of memory that one session's window may be.
	WindowShare = 8
	// LeastWindow is what a window has however small the budget is, in transfers.
	LeastWindow = 16
	// MaxOutput is how much output of one connection may wait before streams are cut whose senders mind no window and cannot be made to wait, in octets.
	MaxOutput = 64 << 20
	// LinkCapacity is the credit of a link between routers, and the most that an endpoint gets, in deliveries.
	LinkCapacity = 250
	// UplinkDoubt is how long an edge router takes for reachable, on a new uplink, what could be reached before.
	UplinkDoubt = 2 * time.Second
	// SupersedeAfter is how long the addresses of an edge router stay on its former connection after it has made another.
	SupersedeAfter = time.Second
	// QuietLooks is how many times in a row, five a second, no stream must be seen on a connection whose place another has taken.
	QuietLooks = 5
	// MeshCapacity is the credit of the link on which an edge router tells its mesh id, in deliveries.
	MeshCapacity = 3
	// TrackingCapacity is the credit of the link on which it hears what can be reached, in deliveries.
	TrackingCapacity = 32
	// HandshakeTimeout is how long TLS, SASL and open may take together.
	HandshakeTimeout = 10 * time.Second
	// ConnectTimeout is how long a TCP connection may take until it is made: one try is repeated once by then.
	ConnectTimeout = 3 * time.Second
	// ProfileGrace is how long certificates that were read before stay in use when their files are broken.
	ProfileGrace = 10 * time.Second
	// MaxProxyHead is the longest head of a proxy's answer, in octets.
	MaxProxyHead = 16 << 10
	// RouterDialTimeout is how long TCP, TLS and an HTTP proxy may take together until a connection to another router is made.
	RouterDialTimeout = 5 * time.Second
	// RouterIdleTimeout is IdleTimeout between routers, which have to find out soon that a link is cut. They say HELLO once a second, and wait for three.
	RouterIdleTimeout = 4 * time.Second
	// IdleTimeout is after how much silence of the peer a connection is given up; half of it is announced.
	IdleTimeout = 16 * time.Second
	// CloseTimeout is how long the peer may take to answer our close.
	CloseTimeout = 5 * time.Second
	// WriteTimeout is how long a socket may take no octet at all of what we write before its connection is given up.
	WriteTimeout = 2 * IdleTimeout
	// MaxAnswers is how much may wait, besides transfers, for a peer that goes on asking without reading, in octets.
	MaxAnswers = 16 << 20
	// MaxHalfOpen is how many accepted connections of one listener may be in their handshake at once, in connections.
	MaxHalfOpen = 256
)

// Bounds of the core.
const (
	// MaxBuffered is how much of an incomplete message that is not marked as streaming is held back before it is forwarded as a stream, in octets.
	MaxBuffered = 256 << 10
	// MaxQueued is how many messages wait for the credit of one outgoing link, in messages.
	MaxQueued = 1000
	// MaxQueuedOctets is how much those messages may hold, in octets.
	MaxQueuedOctets = 8 << 20
	// MaxQueuedOfAll and MaxQueuedOctetsOfAll are the same for all links of a connection.
	MaxQueuedOfAll       = 16 * MaxQueued
	MaxQueuedOctetsOfAll = 4 * MaxQueuedOctets
	// MaxReceivers is how many links of one connection may receive from the same address, in links: each of them costs a copy of every multicast message.
	MaxReceivers = 256
	// MaxControl is how much a message on a control link may hold, in octets. There all messages are whole.
	MaxControl = 8 << 20
	// DropsPause is the time between lines about messages that the receivers on one connection do not take.
	DropsPause = time.Minute
	// MaxBacklog is how much work of one connection may wait for the core before its reader pauses, in events.
	MaxBacklog = 512
	// StreamLinkTimeout is how long a peer may take to answer a streaming link and give it credit.
	StreamLinkTimeout = 10 * time.Second
	// MaxRouters is how many routers a network may have, in routers.
	MaxRouters = 128
	// StreamPool is how many idle streaming links a connection keeps, in links.
	StreamPool = 128
	// StreamPoolScan is for how long streaming links above StreamPool must not have been needed to be closed, and StreamPoolTrim how many are at a time.
	StreamPoolScan = 5 * time.Second
	StreamPoolTrim = 500
	// StreamLinkRest is how long a streaming link is left alone after a stream whose receiver does not say when it is done with it.
	StreamLinkRest = time.Second
	// MaxRequests is how many management requests may wait, in messages.
	MaxRequests = 1024
	// MaxRequestOctets is how much those may hold, in octets.
	MaxRequestOctets = 8 << 20
)

// Bounds of TCP streams.
const (
	// StreamAck is after how many further octets, given to the socket, the receiver of a stream tells its sender.
	StreamAck = 512 << 10
	// StreamWindow is how many octets of a stream may be on their way without being acknowledged.
	StreamWindow = 1 << 20
	// EndDoubt is how long the end of a stream waits that may be a cut, for word of that.
	EndDoubt = 500 * time.Millisecond
	// StreamSlack is how much more than StreamWindow a receiver stores before it treats its peer as broken, in octets.
	StreamSlack = 1 << 20
	// ConnectorCapacity is the capacity of a TCP connector in the balanced choice, in streams.
	ConnectorCapacity = 5
	// DialTimeout is how long a TCP connector waits for its server.
	DialTimeout = 10 * time.Second
	// ResumeTimeout is how long a draining stream may take to hand its last octets to the socket after the other side is gone.
	ResumeTimeout = 30 * time.Second
)
