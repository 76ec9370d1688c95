package config

// Router describes the router itself. There is one in a configuration.
type Router struct {
	ID                        string `json:"id"`
	Mode                      string `json:"mode"` // ModeStandalone if empty
	HelloIntervalSeconds      int    `json:"helloIntervalSeconds" file:"string"`
	HelloMaxAgeSeconds        int    `json:"helloMaxAgeSeconds" file:"string"`
	RAIntervalSeconds         int    `json:"raIntervalSeconds"`
	RAIntervalFluxSeconds     int    `json:"raIntervalFluxSeconds"`
	RemoteLSMaxAgeSeconds     int    `json:"remoteLsMaxAgeSeconds"`
	UnreachableHoldoffSeconds int    `json:"unreachableHoldoffSeconds"`
	WorkerThreads             int    `json:"workerThreads"`
	DataConnectionCount       string `json:"dataConnectionCount"` // a number or "auto", which is the default
	DefaultDistribution       string `json:"defaultDistribution"`
	DropTCPConnections        *bool  `json:"dropTcpConnections"` // nil means true
	Metadata                  string `json:"metadata"`           // JSON text about the site
	VanID                     string `json:"vanId"`
	SASLConfigDir             string `json:"saslConfigDir"`
	SASLConfigName            string `json:"saslConfigName"`
	DebugDumpFile             string `json:"debugDumpFile"`
	TimestampFormat           string `json:"timestampFormat"`
	TimestampsInUTC           bool   `json:"timestampsInUTC"`
	// Extra holds attributes that are not named above.
	Extra map[string]any `json:"-"`
}

// Values of Router.Mode.
const (
	ModeStandalone = "standalone"
	ModeInterior   = "interior"
	ModeEdge       = "edge"
)

// Site describes the site a router belongs to, for observers.
type Site struct {
	Name      string         `json:"name"`
	Location  string         `json:"location"`
	Provider  string         `json:"provider"`
	Platform  string         `json:"platform"`
	Namespace string         `json:"namespace"`
	Version   string         `json:"version"`
	Extra     map[string]any `json:"-"`
}

// Log sets what one module of the router logs.
type Log struct {
	Module           string         `json:"module"`
	Enable           string         `json:"enable"` // such as "info+"; "default" if empty
	IncludeTimestamp *bool          `json:"includeTimestamp"`
	IncludeSource    *bool          `json:"includeSource"`
	OutputFile       string         `json:"outputFile"`
	Extra            map[string]any `json:"-"`
}

// Address sets how messages to a range of addresses are distributed.
type Address struct {
	Name         string         `json:"name"`
	Prefix       string         `json:"prefix"`
	Pattern      string         `json:"pattern"`
	Distribution string         `json:"distribution"` // "balanced" if empty
	Priority     *int           `json:"priority"`     // 0 to 9; nil or -1 means none
	Extra        map[string]any `json:"-"`
}
