package vanflow

// Type is what a record describes; the numbers are those on the wire.
type Type uint32

// The types that routers and controllers tell of. Those of what only observers derive are left out.
const (
	Site         Type = 0
	Router       Type = 1
	Link         Type = 2
	Listener     Type = 4
	Connector    Type = 5
	Process      Type = 7
	LogLine      Type = 14
	RouterAccess Type = 15
	Transport    Type = 16 // one TCP connection through the network, from the router that accepted it
)

// Attr is an attribute of a record; the numbers are those on the wire.
type Attr uint32

// The attributes. Those of Octets, OctetsReverse, counts, costs and times are numbers, the others texts. Times are
// microseconds since 1970.
const (
	attrType       Attr = 0
	attrIdentity   Attr = 1
	Parent         Attr = 2 // identity of the record that this one belongs to
	StartTime      Attr = 3
	EndTime        Attr = 4 // the thing is over
	Peer           Attr = 6 // of a link: identity of the router access at the other end
	ProcessID      Attr = 7
	Location       Attr = 9
	Provider       Attr = 10
	Platform       Attr = 11
	Namespace      Attr = 12
	Mode           Attr = 13
	SourceHost     Attr = 14
	DestHost       Attr = 15
	Protocol       Attr = 16
	SourcePort     Attr = 17
	DestPort       Attr = 18
	Address        Attr = 19 // routing key
	ImageName      Attr = 20
	ImageVersion   Attr = 21
	Hostname       Attr = 22
	Octets         Attr = 23 // of a flow: from the client; of a link: sent by the router that made it
	Latency        Attr = 24 // microseconds
	Result         Attr = 28
	Reason         Attr = 29
	Name           Attr = 30
	Trace          Attr = 31 // the routers that a flow passed before it left the network, joined by "|"
	Version        Attr = 32
	LinkCost       Attr = 33
	FlowCount      Attr = 40
	Group          Attr = 46
	LogSeverity    Attr = 48
	LogText        Attr = 49
	LinkCount      Attr = 52
	Status         Attr = 53 // "up" or "down"
	Role           Attr = 54 // "inter-router" or "edge"
	UpSince        Attr = 55
	DownSince      Attr = 56
	DownCount      Attr = 57
	OctetsReverse  Attr = 58
	ConnectorID    Attr = 60 // identity of the record of the connector where a flow leaves the network
	ProcessLatency Attr = 61 // of the server behind it, microseconds
	ProxyHost      Attr = 62 // the connector's own end of its connection to the server
	ProxyPort      Attr = 63
	ListenerError  Attr = 64 // how a flow failed, seen from where it entered
	ConnectorError Attr = 65
	TLSOrdinal     Attr = 66
	HTTPProxy      Attr = 67 // "yes" or "no"
)
