package core

import "strings"

// key is the hash key of an address at the interior router id: a class letter and the rest.
func key(id, addr string) string {
	addr = stripScheme(addr)
	if n := len(addr); n > 0 && (addr[n-1] == '.' || addr[n-1] == '/') {
		addr = addr[:n-1]
	}
	if rest, ok := strings.CutPrefix(addr, "_local/"); ok {
		return "L" + rest
	}
	if rest, ok := strings.CutPrefix(addr, "_topo/"); ok {
		area, rest, _ := strings.Cut(rest, "/")
		if area != "0" {
			return "A" + area
		}
		router, rest, _ := strings.Cut(rest, "/")
		switch router {
		case "all":
			return "T" + rest
		case id:
			return "L" + rest
		}
		return "R" + router
	}
	if rest, ok := strings.CutPrefix(addr, "_edge/"); ok {
		router, _, _ := strings.Cut(rest, "/")
		return "H" + router
	}
	return "M" + addr
}

// upKey stands for whatever only the interior router of an edge router can find.
const upKey = "Uplink"

// edgeKey is the hash key of an address at the edge router id: all of the topology but itself is beyond its uplink.
func edgeKey(id, addr string) string {
	switch k := key(id, addr); k[0] {
	case 'T', 'R', 'A':
		return upKey
	case 'H':
		if k[1:] != id {
			return upKey
		}
		_, rest, _ := strings.Cut(stripScheme(addr), "/"+id+"/")
		return "L" + strings.TrimRight(rest, "./")
	case 'L':
		if strings.HasPrefix(stripScheme(addr), "_topo/") { // an interior router of the same id
			return upKey
		}
		return k
	default:
		return k
	}
}

// key is the hash key of an address at this router.
func (c *Core) key(addr string) string {
	if c.cfg.Edge {
		return edgeKey(c.cfg.ID, addr)
	}
	return key(c.cfg.ID, addr)
}

// stripScheme takes "amqp:/" or "amqp://host/" off.
func stripScheme(addr string) string {
	rest, ok := strings.CutPrefix(addr, "amqp:/")
	if !ok {
		return addr
	}
	if host, ok := strings.CutPrefix(rest, "/"); ok {
		if _, path, ok := strings.Cut(host, "/"); ok {
			return path
		}
		return ""
	}
	return rest
}
