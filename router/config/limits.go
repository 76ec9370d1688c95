package config

// Bounds on what is read from a configuration file.
const (
	// MaxFileSize is the largest configuration file, in octets.
	MaxFileSize = 16 << 20
	// MaxDepth is how deep arrays and objects may be nested in it.
	MaxDepth = 32
	// MaxEntities is how many entities it may hold.
	MaxEntities = 100_000
	// MaxNameLength is the longest name of an entity, in octets.
	MaxNameLength = 1024
	// maxFaults is how many faults are listed before the rest is only counted.
	maxFaults = 100
)
