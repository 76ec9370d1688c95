// Package wire encodes and decodes the AMQP 1.0 type system (AMQP 1.2 to 1.6).
//
// The Append functions append one value to a slice, in its shortest encoding unless their name says otherwise.
// A [Decoder] reads values from one slice: its first error sticks, it never reads beyond the slice,
// and depth and counts are bounded by package limits. Decoded strings are copies; binaries are not.
package wire
