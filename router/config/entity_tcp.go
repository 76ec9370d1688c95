package config

// TCPListener accepts TCP connections and carries each to a connector of its address.
type TCPListener struct {
	Name                 string         `json:"name"`
	Host                 string         `json:"host"` // empty means all interfaces
	Port                 string         `json:"port"`
	Address              string         `json:"address"`              // empty with a MultiAddressStrategy other than none
	MultiAddressStrategy string         `json:"multiAddressStrategy"` // StrategyNone if empty
	SiteID               string         `json:"siteId"`
	SSLProfile           string         `json:"sslProfile"`
	AuthenticatePeer     bool           `json:"authenticatePeer"`
	Observer             string         `json:"observer"` // "auto" if empty
	Backlog              int            `json:"backlog"`
	Extra                map[string]any `json:"-"`
}

// Values of TCPListener.MultiAddressStrategy.
const (
	StrategyNone     = "none"
	StrategyPriority = "priority"
	StrategyWeighted = "weighted"
)

// TCPConnector dials a TCP server for each connection that comes to its address.
type TCPConnector struct {
	Name           string         `json:"name"`
	Host           string         `json:"host"` // 127.0.0.1 if empty
	Port           string         `json:"port"`
	Address        string         `json:"address"`
	SiteID         string         `json:"siteId"`
	ProcessID      string         `json:"processId"`
	SSLProfile     string         `json:"sslProfile"`
	VerifyHostname *bool          `json:"verifyHostname"` // nil means true
	Extra          map[string]any `json:"-"`
}

// ListenerAddress is one alternative address of a multi-address TCPListener.
type ListenerAddress struct {
	Name     string         `json:"name"`
	Address  string         `json:"address"`
	Value    int            `json:"value" file:"always"` // its priority (larger first) or its weight
	Listener string         `json:"listener"`            // name of the TCPListener
	Extra    map[string]any `json:"-"`
}
