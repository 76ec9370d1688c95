package network

// Status is what the network consists of. Its JSON form is that of the key NetworkStatus of the ConfigMap
// skupper-network-status. Lists are never null; sites, routers and what they have are in the order of their
// identities, addresses in that of their names.
type Status struct {
	Addresses []Address `json:"addresses"`
	Sites     []Site    `json:"siteStatus"`
}

// Address is a routing key with how many listeners and connectors it has.
type Address struct {
	Name           string `json:"name,omitempty"`
	StartTime      uint64 `json:"startTime"` // always 0
	EndTime        uint64 `json:"endTime"`   // always 0
	Protocol       string `json:"protocol,omitempty"`
	ListenerCount  int    `json:"listenerCount"`
	ConnectorCount int    `json:"connectorCount"`
}

// Site is a site with its routers.
type Site struct {
	Info    SiteInfo `json:"site"`
	Routers []Router `json:"routerStatus"`
}

// SiteInfo is what a site says of itself.
type SiteInfo struct {
	ID        string `json:"identity,omitempty"`
	Name      string `json:"name,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Platform  string `json:"platform,omitempty"`
	Version   string `json:"siteVersion,omitempty"`
}

// Router is a router with what it has.
type Router struct {
	Info       RouterInfo  `json:"router"`
	Links      []Link      `json:"links"`
	Accesses   []Access    `json:"routerAccess"`
	Listeners  []Listener  `json:"listeners"`
	Connectors []Connector `json:"connectors"`
}

// RouterInfo is what a router says of itself.
type RouterInfo struct {
	Name         string `json:"name,omitempty"` // "0/<router id>"
	Namespace    string `json:"namespace,omitempty"`
	Mode         string `json:"mode,omitempty"`
	ImageName    string `json:"imageName,omitempty"`
	ImageVersion string `json:"imageVersion,omitempty"`
	Hostname     string `json:"hostname,omitempty"`
}

// Link is a connector of a router to another.
type Link struct {
	Name   string `json:"name,omitempty"` // of the connector
	Cost   uint64 `json:"linkCost,omitempty"`
	Status string `json:"status,omitempty"` // "up" or "down"
	Role   string `json:"role,omitempty"`
	Peer   string `json:"peer,omitempty"` // identity of the Access at the other end; empty: not known

	// Message is why it is down, as the router says; empty if that is not known. Others pass it over.
	Message string `json:"message,omitempty"`
}

// Access is a listener for other routers.
type Access struct {
	ID string `json:"identity,omitempty"`
}

// Listener is the client end of a service.
type Listener struct {
	Name     string `json:"name,omitempty"`
	DestHost string `json:"destHost,omitempty"`
	DestPort string `json:"destPort,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	Address  string `json:"address,omitempty"` // routing key
}

// Connector is the server end of a service.
type Connector struct {
	DestHost string `json:"destHost,omitempty"`
	DestPort string `json:"destPort,omitempty"`
	Address  string `json:"address,omitempty"` // routing key
	Process  string `json:"process,omitempty"` // identity
	Target   string `json:"target,omitempty"`  // name of the process
}
