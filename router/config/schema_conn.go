package config

var roles = []string{RoleNormal, RoleInterRouter, RoleEdge, RoleInterEdge, RoleContainer, RoleInterNetwork}

var families = []string{"IPv4", "IPv6"}

var strips = []string{"in", "out", "both", "no"}

var sslProfileType = &Type{Name: "sslProfile", Operations: crud, Attributes: names(
	set(String, "ciphers", update),
	set(String, "protocols", update),
	set(String, "caCertFile", update),
	set(String, "certFile", update),
	set(String, "privateKeyFile", update),
	set(String, "password", update, secret),
	set(String, "uidFormat"),
	set(String, "uidNameMappingFile"),
	set(Int, "ordinal", update, atLeast(0)),
	set(Int, "oldestValidOrdinal", update, atLeast(0)),
)}

var proxyProfileType = &Type{Name: "proxyProfile", Operations: crud, Attributes: names(
	set(String, "host", required, update),
	set(String, "port", required, update, port),
	set(String, "username", update),
	set(String, "password", update, secret),
)}

var listenerType = &Type{Name: "listener", Operations: crd, Attributes: names(
	set(String, "host", def("")),
	set(String, "port", def("amqp"), port),
	set(String, "socketAddressFamily", oneOf(families...)),
	set(String, "role", def(RoleNormal), oneOf(roles...)),
	set(Int, "cost", def(1), atLeast(1)),
	set(String, "sslProfile"),
	set(String, "saslMechanisms"),
	set(Bool, "authenticatePeer", def(false)),
	set(Bool, "requireEncryption", def(false)),
	set(Bool, "requireSsl", def(false)),
	set(Int, "maxFrameSize", def(16384), atLeast(512)),
	set(Int, "maxSessions", def(32768), between(1, 32768)),
	set(Int, "maxSessionFrames", atLeast(1)),
	set(Int, "idleTimeoutSeconds", def(16), between(0, maxSeconds)),
	set(Int, "initialHandshakeTimeoutSeconds", def(0), between(0, maxSeconds)),
	set(String, "stripAnnotations", def("both"), oneOf(strips...)),
	set(Int, "linkCapacity", def(250), atLeast(1)),
	set(String, "failoverUrls"),
	set(Bool, "healthz", def(true)),
	set(Bool, "metrics", def(true)),
	set(Bool, "websockets", def(true)),
	set(Bool, "http", def(false)),
	set(String, "httpRootDir"),
	set(String, "messageLoggingComponents", def("none")),
	set(String, "policyVhost"),
	set(Map, "openProperties"),
)}

var connectorType = &Type{Name: "connector", Operations: crd, Attributes: names(
	set(String, "host", def("127.0.0.1")),
	set(String, "port", def("amqp"), port),
	set(String, "socketAddressFamily", oneOf(families...)),
	set(String, "role", def(RoleNormal), oneOf(roles...)),
	set(Int, "cost", def(1), atLeast(1)),
	set(String, "sslProfile"),
	set(String, "proxyProfile"),
	set(String, "saslMechanisms"),
	set(Bool, "allowRedirect", def(true)),
	set(Int, "maxFrameSize", def(16384), atLeast(512)),
	set(Int, "maxSessions", def(32768), between(1, 32768)),
	set(Int, "maxSessionFrames", atLeast(1)),
	set(Int, "idleTimeoutSeconds", def(16), between(0, maxSeconds)),
	set(String, "stripAnnotations", def("both"), oneOf(strips...)),
	set(Int, "linkCapacity", def(250), atLeast(1)),
	set(Bool, "verifyHostname", def(true)),
	set(String, "saslUsername"),
	set(String, "saslPassword", secret),
	set(String, "messageLoggingComponents", def("none")),
	col(String, "failoverUrls"),
	col(String, "connectionStatus"),
	col(String, "connectionMsg"),
	set(String, "policyVhost"),
	set(Map, "openProperties"),
)}
