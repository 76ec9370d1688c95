package tunnel

import (
	"net"

	"github.com/skupper-plugins/suite/router/config"
	"github.com/skupper-plugins/suite/tests/bench/proc"
)

// Accept lets another router dial this one.
func Accept(cfg *config.Config, name, port string) {
	cfg.Listeners = append(cfg.Listeners, config.Listener{
		Name: name, Role: config.RoleInterRouter, Host: proc.Loopback, Port: port,
		SSLProfile: "tls", SASLMechanisms: "EXTERNAL", AuthenticatePeer: true,
	})
}

// Dial makes a link to another router.
func Dial(cfg *config.Config, name, port string) {
	cfg.Connectors = append(cfg.Connectors, config.Connector{
		Name: name, Role: config.RoleInterRouter, Host: "localhost", Port: port, SSLProfile: "tls", SASLMechanisms: "EXTERNAL",
	})
}

// Listen takes connections for an address.
func Listen(cfg *config.Config, address, port string) {
	cfg.TCPListeners = append(cfg.TCPListeners, config.TCPListener{Name: address, Host: proc.Loopback, Port: port, Address: address})
}

// Connect gives connections for an address to a server, which is host:port.
func Connect(cfg *config.Config, address, server string) {
	host, port, _ := net.SplitHostPort(server)
	cfg.TCPConnectors = append(cfg.TCPConnectors, config.TCPConnector{Name: address, Host: host, Port: port, Address: address})
}
