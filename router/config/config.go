package config

// Config is a router's whole configuration. The zero value is an empty configuration, which fails [Config.Check].
type Config struct {
	Router            Router
	Sites             []Site
	Logs              []Log
	Addresses         []Address
	SSLProfiles       []SSLProfile
	ProxyProfiles     []ProxyProfile
	Listeners         []Listener
	Connectors        []Connector
	TCPConnectors     []TCPConnector
	TCPListeners      []TCPListener
	ListenerAddresses []ListenerAddress
	// Unknown are entities of other types, in the order they were read.
	Unknown []Entity
}

// Entity is one entity in generic form.
type Entity struct {
	// Type is the short type name, such as "tcpListener".
	Type string
	// Attributes hold string, int64, bool, float64, map[string]any or []any; a missing one is unset.
	Attributes map[string]any
}

// Name is the entity's name, or its identity if it has none.
func (e Entity) Name() string {
	if s, ok := e.Attributes["name"].(string); ok && s != "" {
		return s
	}
	return Identity(e.Type, e.Attributes)
}
