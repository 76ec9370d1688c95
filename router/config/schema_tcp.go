package config

var tcpListenerType = &Type{Name: "tcpListener", Operations: crud, Attributes: names(
	set(String, "address"),
	set(String, "host", def("")),
	set(Int, "backlog", def(0), atLeast(0)),
	set(String, "port", required, port),
	set(String, "multiAddressStrategy", def(StrategyNone), oneOf(StrategyNone, StrategyPriority, StrategyWeighted)),
	set(String, "siteId"),
	col(Int, "connectionsOpened"),
	col(Int, "connectionsClosed"),
	col(Int, "bytesIn"),
	col(Int, "bytesOut"),
	set(String, "sslProfile"),
	set(Bool, "authenticatePeer", def(false)),
	col(String, "operStatus"),
	col(String, "connectionMsg"),
	set(String, "observer", def("auto"), oneOf("none", "auto", "http1", "http2"), update),
)}

var tcpConnectorType = &Type{Name: "tcpConnector", Operations: crd, Attributes: names(
	set(String, "address", required),
	set(String, "host", def("127.0.0.1")),
	set(String, "port", required, port),
	set(String, "siteId"),
	set(String, "processId"),
	col(Int, "connectionsOpened"),
	col(Int, "connectionsClosed"),
	col(Int, "bytesIn"),
	col(Int, "bytesOut"),
	set(String, "sslProfile"),
	set(Bool, "verifyHostname", def(true)),
)}

var listenerAddressType = &Type{Name: "listenerAddress", Operations: crd, Attributes: names(
	set(String, "address", required),
	set(Int, "value", required, atLeast(0)),
	set(String, "listener", required),
	col(Int, "connectionsOpened"),
)}

// tcpConnectionType is kept because clients ask for it; it never has rows.
var tcpConnectionType = &Type{Name: "tcpConnection", Operations: OpRead, Attributes: names(
	col(String, "address"), col(String, "host"), col(String, "direction"), col(Ulong, "bytesIn"),
	col(Ulong, "bytesOut"), col(Ulong, "uptimeSeconds"), col(Ulong, "lastInSeconds"), col(Ulong, "lastOutSeconds"),
)}
