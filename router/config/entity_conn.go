package config

// Listener accepts AMQP or HTTP connections.
type Listener struct {
	Name                           string         `json:"name"`
	Role                           string         `json:"role"` // RoleNormal if empty
	Host                           string         `json:"host"` // empty means all interfaces
	Port                           string         `json:"port" file:"int"`
	Cost                           int            `json:"cost"` // 0 means the default, 1
	SSLProfile                     string         `json:"sslProfile"`
	SASLMechanisms                 string         `json:"saslMechanisms"` // separated by spaces
	AuthenticatePeer               bool           `json:"authenticatePeer"`
	RequireSSL                     bool           `json:"requireSsl"`
	RequireEncryption              bool           `json:"requireEncryption"`
	SocketAddressFamily            string         `json:"socketAddressFamily"`
	MaxFrameSize                   int            `json:"maxFrameSize"` // octets; 0 means the default, 16384
	MaxSessions                    int            `json:"maxSessions"`
	MaxSessionFrames               int            `json:"maxSessionFrames"`
	IdleTimeoutSeconds             int            `json:"idleTimeoutSeconds"`
	InitialHandshakeTimeoutSeconds int            `json:"initialHandshakeTimeoutSeconds"`
	StripAnnotations               string         `json:"stripAnnotations"`
	LinkCapacity                   int            `json:"linkCapacity"`
	FailoverURLs                   string         `json:"failoverUrls"`
	HTTP                           bool           `json:"http"`
	HTTPRootDir                    string         `json:"httpRootDir"`
	Healthz                        *bool          `json:"healthz"`    // nil means true
	Metrics                        *bool          `json:"metrics"`    // nil means true
	Websockets                     *bool          `json:"websockets"` // nil means true
	OpenProperties                 map[string]any `json:"openProperties"`
	Extra                          map[string]any `json:"-"`
}

// Connector dials another router or an AMQP peer.
type Connector struct {
	Name                string         `json:"name"`
	Role                string         `json:"role"` // RoleNormal if empty
	Host                string         `json:"host"` // 127.0.0.1 if empty
	Port                string         `json:"port"`
	Cost                int            `json:"cost"` // 0 means the default, 1
	SSLProfile          string         `json:"sslProfile"`
	ProxyProfile        string         `json:"proxyProfile"`
	VerifyHostname      *bool          `json:"verifyHostname"` // nil means true
	SASLMechanisms      string         `json:"saslMechanisms"`
	SASLUsername        string         `json:"saslUsername"`
	SASLPassword        string         `json:"saslPassword"`
	SocketAddressFamily string         `json:"socketAddressFamily"`
	MaxFrameSize        int            `json:"maxFrameSize"`
	MaxSessions         int            `json:"maxSessions"`
	MaxSessionFrames    int            `json:"maxSessionFrames"`
	IdleTimeoutSeconds  int            `json:"idleTimeoutSeconds"`
	StripAnnotations    string         `json:"stripAnnotations"`
	LinkCapacity        int            `json:"linkCapacity"`
	OpenProperties      map[string]any `json:"openProperties"`
	Extra               map[string]any `json:"-"`
}

// Values of Listener.Role and Connector.Role.
const (
	RoleNormal       = "normal"
	RoleInterRouter  = "inter-router"
	RoleEdge         = "edge"
	RoleInterEdge    = "inter-edge"
	RoleContainer    = "route-container"
	RoleInterNetwork = "inter-network"
)

// SSLProfile names the files of one TLS identity.
type SSLProfile struct {
	Name               string         `json:"name"`
	CertFile           string         `json:"certFile"`
	PrivateKeyFile     string         `json:"privateKeyFile"`
	CACertFile         string         `json:"caCertFile"`
	Password           string         `json:"password"`
	Ciphers            string         `json:"ciphers"`
	Protocols          string         `json:"protocols"`
	UIDFormat          string         `json:"uidFormat"`
	UIDNameMappingFile string         `json:"uidNameMappingFile"`
	Ordinal            int            `json:"ordinal"` // grows by one when the files are replaced; 0 means none
	OldestValidOrdinal int            `json:"oldestValidOrdinal"`
	Extra              map[string]any `json:"-"`
}

// ProxyProfile is an HTTP proxy that connectors may go through.
type ProxyProfile struct {
	Name     string         `json:"name"`
	Host     string         `json:"host"`
	Port     string         `json:"port"`
	Username string         `json:"username"`
	Password string         `json:"password"` // the password, or "file:" and a path
	Extra    map[string]any `json:"-"`
}
