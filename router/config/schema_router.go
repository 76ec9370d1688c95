package config

const maxSeconds = 86400

var distributions = []string{"multicast", "closest", "balanced", "unavailable"}

var routerType = &Type{Name: "router", Operations: OpRead, Singleton: true, Attributes: names(
	set(String, "id", required),
	set(String, "vanId"),
	set(String, "mode", def(ModeStandalone), oneOf(ModeStandalone, ModeInterior, ModeEdge)),
	col(String, "area", def("0")),
	col(String, "version"),
	col(String, "hostName"),
	set(Int, "helloIntervalSeconds", def(1), between(1, maxSeconds)),
	set(Int, "helloMaxAgeSeconds", def(3), between(1, maxSeconds)),
	set(Int, "raIntervalSeconds", def(30), between(1, maxSeconds)),
	set(Int, "raIntervalFluxSeconds", def(4), between(1, maxSeconds)),
	set(Int, "remoteLsMaxAgeSeconds", def(60), between(1, maxSeconds)),
	set(Int, "unreachableHoldoffSeconds", def(1), between(0, maxSeconds)),
	set(Int, "workerThreads", def(4), between(1, 1024)),
	set(String, "debugDumpFile"),
	set(String, "saslConfigDir"),
	set(String, "saslConfigName", def("skrouterd")),
	set(Bool, "timestampsInUTC", def(false)),
	set(String, "timestampFormat"),
	set(String, "defaultDistribution", def("balanced"), oneOf(distributions...)),
	set(String, "metadata"),
	set(String, "dataConnectionCount", def("auto")),
	set(Bool, "dropTcpConnections", def(true)),
)}

var siteType = &Type{Name: "site", Operations: OpRead, Singleton: true, Attributes: names(
	set(String, "location"),
	set(String, "provider"),
	set(String, "version"),
	set(String, "platform"),
	set(String, "namespace"),
)}

var logType = &Type{Name: "log", Operations: OpRead | OpUpdate, Attributes: names(
	set(String, "module", required, oneOf(LogModules()...)),
	set(String, "enable", def("default"), update),
	set(Bool, "includeTimestamp", update),
	set(Bool, "includeSource", update),
	set(String, "outputFile", update),
)}

// LogModules are the modules of a router that log, each of which has a log entity.
func LogModules() []string {
	return []string{
		"ROUTER", "ROUTER_CORE", "ROUTER_HELLO", "ROUTER_LS", "ROUTER_MA", "MESSAGE", "SERVER", "AGENT",
		"CONTAINER", "ERROR", "POLICY", "HTTP", "CONN_MGR", "PYTHON", "PROTOCOL", "TCP_ADAPTOR",
		"HTTP_ADAPTOR", "FLOW_LOG", "ADDRESS_WATCH", "HTTP1_OBSERVER", "HTTP2_OBSERVER", "HTTP2_DECODER", "DEFAULT",
	}
}

var addressType = &Type{Name: "router.config.address", Alias: "address", Operations: crd, Lenient: true, Attributes: []Attribute{
	set(String, "name"),
	col(String, "identity"),
	col(String, "type"),
	set(String, "prefix"),
	set(String, "distribution", def("balanced"), oneOf(distributions...)),
	set(String, "pattern"),
	set(Int, "priority", def(-1), between(-1, 9)),
}}

var autoLinkType = &Type{Name: "router.config.autoLink", Alias: "autoLink", Operations: crd, Lenient: true, Attributes: []Attribute{
	set(String, "name"),
	col(String, "identity"),
	col(String, "type"),
	set(String, "address", required),
	set(String, "direction", required, oneOf("in", "out")),
	set(String, "connection"),
	set(String, "containerId"),
	set(String, "externalAddress"),
	col(String, "linkRef"),
	col(String, "operStatus"),
	col(String, "lastError"),
}}
