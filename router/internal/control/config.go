package control

import "time"

// Config is the identity of this router and its timers. A zero duration takes
// the default.
type Config struct {
	ID       string // of this router, unique in the network
	Area     string // "" means "0", the only area in use
	Instance int64  // boot time in seconds since the epoch; it must differ after each restart

	HelloInterval      time.Duration // between two HELLOs on a link; 1 s
	HelloMaxAge        time.Duration // silence after which a neighbour is lost; 3 s
	RAInterval         time.Duration // between two RAs while the network is stable; 30 s
	RAIntervalFlux     time.Duration // between two RAs for twice this time after a change; 4 s
	RemoteLSMaxAge     time.Duration // without an RA after which a link state is forgotten; 60 s
	UnreachableHoldoff time.Duration // between a router's loss and the removal of its addresses; 1 s
}

func (c Config) withDefaults() Config {
	if c.Area == "" {
		c.Area = "0"
	}
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{
		{&c.HelloInterval, time.Second},
		{&c.HelloMaxAge, 3 * time.Second},
		{&c.RAInterval, 30 * time.Second},
		{&c.RAIntervalFlux, 4 * time.Second},
		{&c.RemoteLSMaxAge, 60 * time.Second},
		{&c.UnreachableHoldoff, time.Second},
	} {
		if *d.v <= 0 {
			*d.v = d.def
		}
	}
	return c
}
