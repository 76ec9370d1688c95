package config

// Where is the configuration without the entities that keep says no to. The router itself stays.
func (c *Config) Where(keep func(Entity) bool) *Config {
	out := &Config{Router: c.Router}
	for _, e := range c.Entities() {
		if e.Type != "router" && keep(e) {
			out.Add(e) // it was one of a configuration, so there are no faults
		}
	}
	return out
}
