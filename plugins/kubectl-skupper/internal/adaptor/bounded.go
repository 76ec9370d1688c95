package adaptor

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/skupper-plugins/suite/router/network"
)

// maxStatus is how long a status may get, in octets: the API server takes a mebibyte of an object, names and owners included.
const maxStatus = 900 << 10

// cuts make a status smaller, from what nobody misses to what only big networks can do without. The counts of the routing keys
// stay true for as long as they can.
var cuts = []struct {
	what string
	cut  func(s *network.Site, own bool)
}{
	{"processes of connectors", func(s *network.Site, _ bool) {
		eachRouter(s, func(r *network.Router) {
			for i := range r.Connectors {
				r.Connectors[i].Process, r.Connectors[i].Target = "", ""
			}
			r.Info.ImageName, r.Info.ImageVersion, r.Info.Hostname = "", "", ""
		})
	}},
	{"further connectors and listeners of a routing key at a router", func(s *network.Site, _ bool) {
		eachRouter(s, func(r *network.Router) {
			seen := map[string]bool{}
			r.Connectors = slices.DeleteFunc(r.Connectors, func(c network.Connector) bool {
				again := seen[c.Address]
				seen[c.Address] = true
				return again
			})
			seen = map[string]bool{}
			r.Listeners = slices.DeleteFunc(r.Listeners, func(l network.Listener) bool {
				again := seen[l.Address]
				seen[l.Address] = true
				return again
			})
		})
	}},
	{"listeners of other sites", func(s *network.Site, own bool) {
		if !own {
			eachRouter(s, func(r *network.Router) { r.Listeners = []network.Listener{} })
		}
	}},
	{"connectors of other sites", func(s *network.Site, own bool) {
		if !own {
			eachRouter(s, func(r *network.Router) { r.Connectors = []network.Connector{} })
		}
	}},
	{"links of other sites", func(s *network.Site, own bool) {
		if !own {
			eachRouter(s, func(r *network.Router) { r.Links = []network.Link{} })
		}
	}},
}

func eachRouter(s *network.Site, f func(r *network.Router)) {
	for i := range s.Routers {
		f(&s.Routers[i])
	}
}

// bounded is the text of a status, with less in it if it would be longer than limit octets. The given status stays as it is.
func bounded(s network.Status, own string, limit int) (text, dropped string, err error) {
	b, err := json.Marshal(s)
	if err != nil {
		return "", "", fmt.Errorf("write the network status: %w", err)
	}
	if len(b) <= limit {
		return string(b), "", nil
	}
	var copied network.Status // the collector goes on with its own
	if err := json.Unmarshal(b, &copied); err != nil {
		return "", "", fmt.Errorf("copy the network status: %w", err)
	}
	for _, c := range cuts {
		for i := range copied.Sites {
			c.cut(&copied.Sites[i], copied.Sites[i].Info.ID == own)
		}
		if b, err = json.Marshal(copied); err != nil {
			return "", "", fmt.Errorf("write the network status: %w", err)
		}
		if len(b) <= limit {
			return string(b), c.what, nil
		}
	}
	for len(copied.Addresses) > 0 || len(copied.Sites) > 1 {
		copied.Addresses = copied.Addresses[:len(copied.Addresses)/2]
		if len(copied.Addresses) == 0 {
			copied.Sites = fewer(copied.Sites, own)
		}
		if b, err = json.Marshal(copied); err != nil {
			return "", "", fmt.Errorf("write the network status: %w", err)
		}
		if len(b) <= limit {
			return string(b), "routing keys or sites", nil
		}
	}
	return "", "", errTooBig
}

// fewer is half of the sites, with the own one among them.
func fewer(sites []network.Site, own string) []network.Site {
	keep := max(len(sites)/2, 1)
	i := slices.IndexFunc(sites, func(s network.Site) bool { return s.Info.ID == own })
	if i >= keep {
		sites[keep-1], sites[i] = sites[i], sites[keep-1]
	}
	return sites[:keep]
}
