package site

import "encoding/json"

// ConnectJSON is the connect.json that messaging tools read beside a client certificate of a local site. The paths in
// it are those at which they expect the certificate's directory.
func ConnectJSON(port int) ([]byte, error) {
	type files struct {
		CA     string `json:"ca"`
		Cert   string `json:"cert"`
		Key    string `json:"key"`
		Verify bool   `json:"verify"`
	}
	b, err := json.MarshalIndent(struct {
		Scheme string `json:"scheme"`
		Host   string `json:"host"`
		Port   string `json:"port"`
		TLS    files  `json:"tls"`
	}{"amqps", "127.0.0.1", portText(port), files{"/etc/messaging/ca.crt", "/etc/messaging/tls.crt", "/etc/messaging/tls.key", true}}, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}
