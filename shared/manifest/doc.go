// Package manifest reads and writes documents of resources, in YAML and JSON.
//
// Reading is strict: a field that a kind does not have, a value of the wrong type, a repeated key are errors, and all
// of a document's are reported at once, each with file and line. Where documents come from other implementations,
// [Options] lets unknown fields or kinds pass.
//
// Everything read is bounded; see the Max constants.
package manifest

// Bounds of what is read.
const (
	MaxSize      = 4 << 20 // octets of input
	MaxDocuments = 2000    // documents in one input, the items of lists included
	MaxDepth     = 64      // nesting of one document
	MaxNodes     = 400000  // keys and values of one input, with YAML aliases written out
	MaxFaults    = 20      // faults reported for one input
)
