package wire

import "fmt"

// Symbol is a symbolic value from a constrained domain (AMQP 1.6.21).
type Symbol string

// Described is a value with a descriptor, usually a uint64 or a Symbol (AMQP 1.3.1).
type Described struct {
	Descriptor any
	Value      any
}

// Timestamp is a point in time in milliseconds since the Unix epoch (AMQP 1.6.17).
type Timestamp int64

// UUID is a universally unique identifier (AMQP 1.6.18).
type UUID [16]byte

// Char is one Unicode character (AMQP 1.6.16). It is not a rune, which Go cannot tell from an int32.
type Char rune

// Decimal32 holds a decimal32 as it is on the wire (AMQP 1.6.13).
type Decimal32 [4]byte

// Decimal64 holds a decimal64 as it is on the wire (AMQP 1.6.14).
type Decimal64 [8]byte

// Decimal128 holds a decimal128 as it is on the wire (AMQP 1.6.15).
type Decimal128 [16]byte

// List is what a list decodes to (AMQP 1.6.22).
type List = []any

// Pair is one entry of a Map.
type Pair struct{ Key, Value any }

// Map is a map in the order of the wire; keys may be of any type (AMQP 1.6.23).
type Map []Pair

// Array holds elements of one type (AMQP 1.6.24). Arrays of symbols decode to []Symbol instead.
type Array struct {
	Items []any
	// Code is the constructor of the elements as decoded. It matters only for an empty array; 0 means null.
	Code byte
}

// Raw is a value that is already encoded; AppendValue copies it. It does not come out of a Decoder.
type Raw []byte

// Get returns the value of the first entry whose key is the given text, as a string or as a symbol.
func (m Map) Get(key string) (any, bool) {
	for _, p := range m {
		switch k := p.Key.(type) {
		case string:
			if k == key {
				return p.Value, true
			}
		case Symbol:
			if string(k) == key {
				return p.Value, true
			}
		}
	}
	return nil, false
}

// Error says what is wrong with encoded octets, and where.
type Error struct {
	Offset int // octets from the start of the slice being decoded
	Msg    string
}

func (e *Error) Error() string { return fmt.Sprintf("at octet %d: %s", e.Offset, e.Msg) }
