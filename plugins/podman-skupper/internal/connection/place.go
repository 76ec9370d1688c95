package connection

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Place is a machine that ssh leads to.
type Place struct {
	User     string // empty: ssh knows
	Host     string
	Port     string // empty: ssh knows
	Identity string // file of the key to log in with; empty: ssh knows
	Engine   string // unix:///PATH of the engine there; empty: it is where its socket usually is
	Virtual  bool   // a virtual machine of this one
	From     string // what said so, for messages: "CONTAINER_HOST"
}

// String is the place as messages name it.
func (p Place) String() string {
	name := p.Host
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	if p.User != "" {
		name = p.User + "@" + name
	}
	if p.Port != "" {
		name += ":" + p.Port
	}
	return name
}

// Elsewhere is the machine that a choice of podman's user leads to over ssh; ok is false if it is this one, or if there is no telling.
func (c Choice) Elsewhere(getenv func(string) string) (p Place, ok bool, err error) {
	f, found, err := podman(c, getenv)
	if err != nil || !found {
		return Place{}, false, c.matters(err)
	}
	return f.place(c, getenv)
}

// DockerElsewhere is Elsewhere for docker's user.
func (c Choice) DockerElsewhere(getenv func(string) string) (p Place, ok bool, err error) {
	f, err := docker(c, getenv)
	if err != nil {
		return Place{}, false, c.matters(err)
	}
	return f.place(c, getenv)
}

// matters is the error unless it is of a configuration that nobody asked for: what needs that finds it.
func (c Choice) matters(err error) error {
	if (c == Choice{}) && !fault.Is(err, fault.Missing) {
		return nil
	}
	return err
}

// Names that ssh could take for something else are none.
var (
	hostName = regexp.MustCompile(`^[0-9A-Za-z_:][0-9A-Za-z_.:%-]*$`)
	userName = regexp.MustCompile(`^[0-9A-Za-z_.\\@+][0-9A-Za-z_.\\@+-]*$`)
)

func (f found) place(c Choice, getenv func(string) string) (Place, bool, error) {
	u, err := url.Parse(f.url)
	if err != nil || u.Scheme != "ssh" {
		return Place{}, false, nil //nolint:nilerr // no address of ssh: whoever needs the engine says what is wrong with it
	}
	p := Place{User: u.User.Username(), Host: u.Hostname(), Port: u.Port(), Identity: f.key, Virtual: f.machine, From: f.from}
	if path := strings.TrimRight(u.Path, "/"); path != "" {
		p.Engine = "unix://" + path
	}
	for _, key := range []string{getenv("CONTAINER_SSHKEY"), c.Identity} {
		if key != "" {
			p.Identity = key
		}
	}
	_, secret := u.User.Password()
	switch {
	case secret:
		return Place{}, false, fault.New(fault.Usage, fmt.Sprintf("%s is %s: ssh takes no password from an address", f.from, u.Redacted()), "leave the password out, and log in with a key: ssh-copy-id")
	case !hostName.MatchString(p.Host) || p.User != "" && !userName.MatchString(p.User):
		return Place{}, false, fault.New(fault.Usage, fmt.Sprintf("%s is %q, want ssh://USER@HOST:PORT/PATH with the path of the engine's socket there", f.from, f.url), "")
	}
	return p, true, nil
}
