// Package limits names every bound the router sets on what it is sent, with its unit.
package limits

// Bounds on encoded values (AMQP 1.6). A value beyond one of them is a decode error.
const (
	// MaxDepth is how many compound or described values may be nested in each other, in levels.
	MaxDepth = 32
	// MaxFields is how many fields the list of a performative, a delivery state or a message section may have, in elements.
	// AMQP defines at most 14; more than that is read over.
	MaxFields = 64
	// MaxListItems is how many elements one list may have, in elements.
	MaxListItems = 1 << 18
	// MaxMapPairs is how many keys one map may have, in pairs.
	MaxMapPairs = 1 << 16
	// MaxArrayItems is how many elements one array may have, in elements.
	MaxArrayItems = 1 << 18
	// MaxZeroWidth is how many elements an array may have whose encoding takes no octets (null, true, uint0 and so on), in elements.
	// Such an array costs its sender nothing and its receiver memory.
	MaxZeroWidth = 256
	// MaxSymbols is how many capabilities, locales or mechanisms one field may list, in symbols.
	MaxSymbols = 256
)

// Bounds on frames (AMQP 2.3).
const (
	// MinFrameSize is the smallest max-frame-size a peer may announce, in octets (AMQP 2.7.1).
	MinFrameSize = 512
	// MaxFrameSize is the max-frame-size we announce unless configured otherwise, in octets.
	MaxFrameSize = 16384
	// MaxFrameSizeCap is the largest max-frame-size that may be configured, in octets.
	MaxFrameSizeCap = 1 << 20
	// MaxNameLen bounds container ids, host names, link names, symbols and error conditions, in octets.
	MaxNameLen = 1024
	// MaxAddressLen bounds the address of a terminus or of a message, in octets.
	MaxAddressLen = 4096
	// MaxDescription bounds the description of an error, in octets.
	MaxDescription = 8192
	// MaxDeliveryTag is the longest delivery tag, in octets (AMQP 2.8.7).
	MaxDeliveryTag = 32
)

// Bounds on messages.
const (
	// MaxTrace is how many routers the trace of a message may name, in elements. A network has at most 128 routers.
	MaxTrace = 256
	// MaxHead is how many octets the sections before the body may take, in octets.
	// Up to here a streamed message is held back until its address is known.
	MaxHead = 64 << 10
)
