package config

import (
	"fmt"
	"net"
	"strings"
)

// MaxPlaces is how many places a failover list may have: of more, nobody would live to try the last one.
const MaxPlaces = 16

// Place is where a connector may dial.
type Place struct{ Scheme, Host, Port string }

// String is the place as a URL.
func (p Place) String() string {
	if p.Scheme == "" {
		return net.JoinHostPort(p.Host, p.Port)
	}
	return p.Scheme + "://" + net.JoinHostPort(p.Host, p.Port)
}

// ParseFailover reads the failoverUrls of a listener: places with commas between, each [SCHEME://]HOST[:PORT].
func ParseFailover(text string) ([]Place, error) {
	var all []Place
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		p, err := parsePlace(item)
		if err != nil {
			return nil, err
		}
		if all = append(all, p); len(all) > MaxPlaces {
			return nil, fmt.Errorf("failoverUrls has more than %d places", MaxPlaces)
		}
	}
	return all, nil
}

func parsePlace(item string) (Place, error) {
	scheme, rest, ok := strings.Cut(item, "://")
	if !ok {
		scheme, rest = "", item
	}
	if scheme != "" && scheme != "amqp" && scheme != "amqps" {
		return Place{}, fmt.Errorf("failoverUrls: %q begins with neither amqp:// nor amqps://", item)
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil { // without a port
		host, port = strings.Trim(rest, "[]"), "5672"
	}
	p := Place{scheme, host, port}
	if !p.Valid() {
		return Place{}, fmt.Errorf("failoverUrls: %q is not [amqp://]HOST[:PORT]", item)
	}
	return p, nil
}

// Valid reports that the place can be dialled.
func (p Place) Valid() bool {
	a := Attribute{Name: "port", Kind: String, Port: true}
	_, err := a.Coerce(p.Port)
	return err == nil && p.Host != "" && len(p.Host) <= 253 && !strings.ContainsAny(p.Host, " /@?#\x00\t\r\n") && (p.Scheme == "" || p.Scheme == "amqp" || p.Scheme == "amqps")
}
