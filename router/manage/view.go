package manage

import (
	"context"
	"reflect"
)

// The types below show what a router reports in Go types. What it does not report is zero.

// Connection is an open connection of the router.
type Connection struct {
	Name          string         `attr:"name"`
	Identity      string         `attr:"identity"` // the connection's number, in decimal
	Host          string         `attr:"host"`     // address and port of the peer
	Role          string         `attr:"role"`
	Protocol      string         `attr:"protocol"`
	Dir           string         `attr:"dir"` // "in" or "out"
	Container     string         `attr:"container"`
	SASL          string         `attr:"sasl"`
	User          string         `attr:"user"`
	Authenticated bool           `attr:"isAuthenticated"`
	Encrypted     bool           `attr:"isEncrypted"`
	Opened        bool           `attr:"opened"`
	Active        bool           `attr:"active"`
	AdminStatus   string         `attr:"adminStatus"`
	OperStatus    string         `attr:"operStatus"` // "up" or "closing"
	UptimeSeconds int64          `attr:"uptimeSeconds"`
	MeshID        string         `attr:"meshId"`
	TLSOrdinal    int64          `attr:"tlsOrdinal"`
	Properties    map[string]any `attr:"properties"`
}

// Router is the router itself.
type Router struct {
	ID       string `attr:"id"`
	Mode     string `attr:"mode"`
	Version  string `attr:"version"`
	HostName string `attr:"hostName"`
	Metadata string `attr:"metadata"`
}

// Node is a router that this router knows of, itself included.
type Node struct {
	ID              string   `attr:"id"`
	ProtocolVersion int64    `attr:"protocolVersion"`
	Instance        int64    `attr:"instance"`
	NextHop         string   `attr:"nextHop"` // "(self)" for itself, "" for a neighbour
	Cost            int64    `attr:"cost"`
	LinkState       []string `attr:"linkState"` // its neighbours
	Address         string   `attr:"address"`
}

// Address is an address that the router forwards to.
type Address struct {
	Key               string   `attr:"key"` // such as "Mecho:8080"
	Distribution      string   `attr:"distribution"`
	InProcess         int64    `attr:"inProcess"`
	Subscribers       int64    `attr:"subscriberCount"` // local consumers
	Remotes           int64    `attr:"remoteCount"`     // routers with consumers
	RemoteHostRouters []string `attr:"remoteHostRouters"`
	DeliveriesIngress int64    `attr:"deliveriesIngress"`
	DeliveriesEgress  int64    `attr:"deliveriesEgress"`
	DeliveriesTransit int64    `attr:"deliveriesTransit"`
}

// Listener is a listener of connections.
type Listener struct {
	Name       string `attr:"name"`
	Role       string `attr:"role"`
	Host       string `attr:"host"`
	Port       string `attr:"port"`
	SSLProfile string `attr:"sslProfile"`
}

// Connector is a connector, with the state of its connection.
type Connector struct {
	Name       string `attr:"name"`
	Role       string `attr:"role"`
	Host       string `attr:"host"`
	Port       string `attr:"port"`
	Cost       int64  `attr:"cost"`
	SSLProfile string `attr:"sslProfile"`
	Status     string `attr:"connectionStatus"` // such as "CONNECTING" or "SUCCESS"
	Message    string `attr:"connectionMsg"`    // why, if it is not connected
}

// TCPListener is a TCP listener, with its state.
type TCPListener struct {
	Name              string `attr:"name"`
	Address           string `attr:"address"`
	Host              string `attr:"host"`
	Port              string `attr:"port"`
	Strategy          string `attr:"multiAddressStrategy"`
	OperStatus        string `attr:"operStatus"` // "up" if it is open, which it is while its address has consumers
	Message           string `attr:"connectionMsg"`
	ConnectionsOpened int64  `attr:"connectionsOpened"`
	ConnectionsClosed int64  `attr:"connectionsClosed"`
}

// TCPConnector is a TCP connector.
type TCPConnector struct {
	Name              string `attr:"name"`
	Address           string `attr:"address"`
	Host              string `attr:"host"`
	Port              string `attr:"port"`
	ProcessID         string `attr:"processId"`
	ConnectionsOpened int64  `attr:"connectionsOpened"`
	ConnectionsClosed int64  `attr:"connectionsClosed"`
}

// ListenerAddress is one address of a multi-address TCP listener.
type ListenerAddress struct {
	Name              string `attr:"name"`
	Address           string `attr:"address"`
	Value             int64  `attr:"value"`
	Listener          string `attr:"listener"`
	ConnectionsOpened int64  `attr:"connectionsOpened"`
}

// SSLProfile is a TLS profile.
type SSLProfile struct {
	Name               string `attr:"name"`
	CertFile           string `attr:"certFile"`
	CACertFile         string `attr:"caCertFile"`
	Ordinal            int64  `attr:"ordinal"`
	OldestValidOrdinal int64  `attr:"oldestValidOrdinal"`
}

// Connections lists the open connections.
func (c *Client) Connections(ctx context.Context) ([]Connection, error) {
	return view[Connection](ctx, c, "connection")
}

// Routers lists the router itself, as one row.
func (c *Client) Routers(ctx context.Context) ([]Router, error) {
	return view[Router](ctx, c, "router")
}

// Nodes lists the routers that an interior router knows, itself first. An edge router has none.
func (c *Client) Nodes(ctx context.Context) ([]Node, error) {
	return view[Node](ctx, c, "router.node")
}

// Addresses lists the addresses.
func (c *Client) Addresses(ctx context.Context) ([]Address, error) {
	return view[Address](ctx, c, "router.address")
}

// Listeners lists the listeners.
func (c *Client) Listeners(ctx context.Context) ([]Listener, error) {
	return view[Listener](ctx, c, "listener")
}

// Connectors lists the connectors.
func (c *Client) Connectors(ctx context.Context) ([]Connector, error) {
	return view[Connector](ctx, c, "connector")
}

// TCPListeners lists the TCP listeners.
func (c *Client) TCPListeners(ctx context.Context) ([]TCPListener, error) {
	return view[TCPListener](ctx, c, "tcpListener")
}

// TCPConnectors lists the TCP connectors.
func (c *Client) TCPConnectors(ctx context.Context) ([]TCPConnector, error) {
	return view[TCPConnector](ctx, c, "tcpConnector")
}

// ListenerAddresses lists the addresses of multi-address listeners.
func (c *Client) ListenerAddresses(ctx context.Context) ([]ListenerAddress, error) {
	return view[ListenerAddress](ctx, c, "listenerAddress")
}

// SSLProfiles lists the TLS profiles.
func (c *Client) SSLProfiles(ctx context.Context) ([]SSLProfile, error) {
	return view[SSLProfile](ctx, c, "sslProfile")
}

// view queries a type and fills a T per row.
func view[T any](ctx context.Context, c *Client, entityType string) ([]T, error) {
	rows, err := c.Query(ctx, entityType)
	if err != nil {
		return nil, err
	}
	out := make([]T, len(rows))
	for i, row := range rows {
		fill(reflect.ValueOf(&out[i]).Elem(), row)
	}
	return out, nil
}

// fill sets the fields of a struct from a row. A value of another type than the field's leaves it zero.
func fill(dst reflect.Value, row map[string]any) {
	t := dst.Type()
	for i := range t.NumField() {
		f := dst.Field(i)
		switch v := row[t.Field(i).Tag.Get("attr")].(type) {
		case string:
			if f.Kind() == reflect.String {
				f.SetString(v)
			}
		case int64:
			if f.Kind() == reflect.Int64 {
				f.SetInt(v)
			}
		case bool:
			if f.Kind() == reflect.Bool {
				f.SetBool(v)
			}
		case map[string]any:
			if f.Kind() == reflect.Map {
				f.Set(reflect.ValueOf(v))
			}
		case []any:
			if f.Kind() == reflect.Slice {
				f.Set(reflect.ValueOf(words(v)))
			}
		}
	}
}

func words(list []any) []string {
	out := make([]string, 0, len(list))
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
