package connection

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Choice is what the user said on the command line. The zero value is nothing.
type Choice struct {
	URL        string // of the engine
	Connection string // name of one of podman's connections
	Remote     bool   // it is that of podman's default connection
	Identity   string // file of the key with which ssh is to log in where the engine is on another machine
}

// Given tells whether it says anything about which engine it is.
func (c Choice) Given() bool { return c.URL != "" || c.Connection != "" || c.Remote }

// Engine is where an engine is.
type Engine struct {
	URL  string // unix:///PATH
	From string // what said so, for messages: "CONTAINER_HOST"; empty: it is where its socket usually is
}

// found is an engine's address that was found, wherever that leads.
type found struct {
	url     string
	from    string
	machine bool   // it is in a virtual machine on this one
	key     string // file of the key for ssh; empty: ssh knows
}

// named is an address that is given by name; ok is false if it is empty.
func named(from, address string) (f found, ok bool) {
	return found{url: address, from: from}, address != ""
}

// engine is what was found if it is on this machine.
func (f found) engine() (Engine, error) {
	if filepath.IsAbs(f.url) {
		f.url = "unix://" + f.url
	}
	u, err := url.Parse(f.url)
	if err != nil || u.Scheme == "" {
		return Engine{}, fault.New(fault.Usage, fmt.Sprintf("%s is %q, want an address such as unix:///run/podman/podman.sock", f.from, f.url), "")
	}
	switch u.Scheme {
	case "unix":
		if path := u.Host + u.Path; filepath.IsAbs(path) && u.Host == "" {
			return Engine{URL: "unix://" + filepath.Clean(path), From: f.from}, nil
		}
		return Engine{}, fault.New(fault.Usage, fmt.Sprintf("%s is %q, want unix:///PATH with the whole path of the socket", f.from, f.url), "")
	case "ssh":
		return Engine{}, f.elsewhere(u)
	case "tcp", "http", "https":
		if !loopback(u.Hostname()) {
			return Engine{}, f.elsewhere(u)
		}
		return Engine{}, fault.New(fault.Usage, fmt.Sprintf("%s is %q: anybody on this machine could use that engine, so its socket is used only", f.from, f.url),
			"give the address of its socket, unix:///PATH, with --url")
	}
	return Engine{}, fault.New(fault.Usage, fmt.Sprintf("%s is %q, want an address that begins with unix://", f.from, f.url), "")
}

// elsewhere says that the engine is on another machine. A password in the address stays out of it.
func (f found) elsewhere(u *url.URL) error {
	const why = ", but a local site runs on the machine of its engine, whose network and files the router uses"
	if f.machine {
		return fault.New(fault.Usage, fmt.Sprintf("%s leads into the virtual machine at %s%s", f.from, u.Redacted(), why),
			"use --platform linux for a site on this machine, or run "+"the command in the virtual machine: podman machine ssh")
	}
	host := u.Hostname()
	if u.User.Username() != "" {
		host = u.User.Username() + "@" + host
	}
	there := "ssh " + host
	if p := u.Port(); u.Scheme == "ssh" && p != "" && p != "22" {
		there = "ssh -p " + p + " " + host
	}
	return fault.New(fault.Usage, fmt.Sprintf("%s leads to another machine, %s%s", f.from, u.Redacted(), why),
		"run it there: "+there+" podman-skupper …; for a site on this machine give its own engine, --url unix:///PATH, or --platform linux")
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return ip != nil && ip.IsLoopback()
}
