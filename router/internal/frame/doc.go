// Package frame encodes and decodes the frames of AMQP 1.0 and of its security layer (AMQP 2.3, 2.7, 5.3).
//
// Each performative is a struct in a file of its own. Encoders leave out trailing fields that are null.
// Decoders take fields that are absent, null or beyond those they know; a missing mandatory field is an error.
// Decoded structs share no memory with the frame, but for the payload and the tag of a transfer.
package frame
