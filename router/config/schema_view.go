package config

var connectionType = &Type{Name: "connection", Operations: OpRead | OpUpdate, Lenient: true, Attributes: []Attribute{
	col(String, "name"), col(String, "identity"), col(String, "host"), col(String, "localSocket"),
	col(String, "role"), col(String, "protocol"), col(String, "dir"), col(String, "container"),
	col(String, "sasl"), col(Bool, "isAuthenticated"), col(String, "user"), col(Bool, "isEncrypted"),
	col(String, "sslProto"), col(String, "sslCipher"), col(Map, "properties"), col(Long, "sslSsf"),
	col(String, "type"), col(Bool, "ssl"), col(Bool, "opened"), col(Bool, "active"),
	col(String, "adminStatus", update, oneOf("enabled", "deleted")), col(String, "operStatus"),
	col(Uint, "uptimeSeconds"), col(Uint, "lastDlvSeconds"), col(Bool, "enableProtocolTrace", update),
	col(String, "meshId"), col(Ulong, "tlsOrdinal"), col(String, "groupCorrelationId"), col(Uint, "groupOrdinal"),
}}

var linkType = &Type{Name: "router.link", Operations: OpRead, Lenient: true, Attributes: []Attribute{
	col(String, "name"), col(String, "identity"), col(String, "type"), col(String, "linkName"),
	col(String, "linkType"), col(String, "linkDir"), col(String, "owningAddr"), col(Uint, "capacity"),
	col(Ulong, "undeliveredCount"), col(Ulong, "unsettledCount"), col(Ulong, "deliveryCount"),
	col(String, "connectionId"), col(String, "operStatus"), col(Ulong, "presettledCount"),
	col(Ulong, "droppedPresettledCount"), col(Ulong, "acceptedCount"), col(Ulong, "rejectedCount"),
	col(Ulong, "releasedCount"), col(Ulong, "modifiedCount"), col(Ulong, "deliveriesDelayed1Sec"),
	col(Ulong, "deliveriesDelayed10Sec"), col(Ulong, "deliveriesStuck"), col(Ulong, "openMovedStreams"),
	col(List, "ingressHistogram"), col(Uint, "priority"), col(Uint, "settleRate"),
	col(Uint, "creditAvailable"), col(Uint, "zeroCreditSeconds"), col(String, ""),
}}

var routerAddressType = &Type{Name: "router.address", Operations: OpRead, Lenient: true, Attributes: []Attribute{
	col(String, "name"), col(String, "identity"), col(String, "type"), col(String, "key"),
	col(String, "distribution"), col(Uint, "inProcess"), col(Uint, "subscriberCount"),
	col(Uint, "remoteCount"), col(List, "remoteHostRouters"), col(Ulong, "deliveriesIngress"),
	col(Ulong, "deliveriesEgress"), col(Ulong, "deliveriesTransit"), col(Ulong, "deliveriesToContainer"),
	col(Ulong, "deliveriesFromContainer"), col(Ulong, "deliveriesEgressRouteContainer"),
	col(Ulong, "deliveriesIngressRouteContainer"), col(Ulong, "deliveriesEgressInterNetwork"),
	col(Ulong, "deliveriesIngressInterNetwork"), col(List, "transitOutstanding"),
	col(Long, "trackedDeliveries"), col(Int, "priority"),
	col(Ulong, "deliveriesRedirectedToFallback"), col(Bool, "watch"),
}}

var nodeType = &Type{Name: "router.node", Operations: OpRead, Attributes: names(
	col(String, "id"), col(Int, "protocolVersion"), col(Int, "instance"), col(List, "linkState"),
	col(String, "nextHop"), col(List, "validOrigins"), col(String, "address"), col(Int, "routerLink"),
	col(Int, "cost"), col(Int, "lastTopoChange"), col(Int, "index"),
)}

var metricsType = &Type{Name: "routerMetrics", Operations: OpRead, Singleton: true, Lenient: true, Attributes: []Attribute{
	col(String, "identity"), col(String, "type"), col(String, "id"), col(Ulong, "addrCount"),
	col(Ulong, "linkCount"), col(Ulong, "nodeCount"), col(Ulong, "autoLinkCount"), col(Ulong, "connectionCount"),
	col(Ulong, "presettledDeliveries"), col(Ulong, "droppedPresettledDeliveries"),
	col(Ulong, "acceptedDeliveries"), col(Ulong, "rejectedDeliveries"), col(Ulong, "releasedDeliveries"),
	col(Ulong, "modifiedDeliveries"), col(Ulong, "deliveriesDelayed1Sec"), col(Ulong, "deliveriesDelayed10Sec"),
	col(Ulong, "deliveriesStuck"), col(Ulong, "deliveriesIngress"), col(Ulong, "deliveriesEgress"),
	col(Ulong, "deliveriesTransit"), col(Ulong, "deliveriesIngressRouteContainer"),
	col(Ulong, "deliveriesEgressRouteContainer"), col(Ulong, "deliveriesIngressInterNetwork"),
	col(Ulong, "deliveriesEgressInterNetwork"), col(Ulong, "deliveriesRedirectedToFallback"),
	col(Uint, "linksBlocked"), col(Uint, "uptimeSeconds"), col(Ulong, "memoryUsage"),
	col(Ulong, "residentMemoryUsage"), col(Map, "connectionCounters"), col(String, "version"), col(String, ""),
}}
