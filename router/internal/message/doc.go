// Package message reads and writes the sections of AMQP messages as routers use them (AMQP 3.2).
//
// A message between routers begins with a section of its own, [Annotations]; it never goes to other peers.
// [ParseHead] finds out where a message has to go from its first octets, which may be all that has arrived.
// [Message] is a whole small message: control, management or telemetry.
package message
