package config

// The tables below list each type's attributes in the order in which a query reports them.

const (
	crud = OpRead | OpCreate | OpUpdate | OpDelete
	crd  = OpRead | OpCreate | OpDelete
)

var types = []*Type{
	routerType, siteType, logType, addressType, autoLinkType, sslProfileType, proxyProfileType,
	listenerType, connectorType, tcpConnectorType, tcpListenerType, listenerAddressType,
	connectionType, linkType, routerAddressType, nodeType, metricsType, tcpConnectionType,
}

// option changes an attribute while a table is built.
type option func(*Attribute)

// col is a column that is only reported.
func col(k Kind, name string, opts ...option) Attribute {
	a := Attribute{Name: name, Kind: k}
	for _, o := range opts {
		o(&a)
	}
	return a
}

// set is an attribute that may be given.
func set(k Kind, name string, opts ...option) Attribute {
	a := col(k, name, opts...)
	a.Create = true
	return a
}

func def(v any) option          { return func(a *Attribute) { a.Default = v } }
func oneOf(v ...string) option  { return func(a *Attribute) { a.Values = v } }
func between(lo, hi int) option { return func(a *Attribute) { a.Min, a.Max = lo, hi } }
func atLeast(lo int) option     { return between(lo, 1<<31-1) }
func required(a *Attribute)     { a.Required = true }
func update(a *Attribute)       { a.Update = true }
func secret(a *Attribute)       { a.Secret = true }
func port(a *Attribute)         { a.Port = true }
func names(with ...Attribute) []Attribute {
	return append(with, set(String, "name"), col(String, "identity"), col(String, "type"))
}
