// Package conn is one AMQP 1.0 connection without its socket: SASL, open, sessions, links, credit, transfers, settlement and idle
// timeouts for both roles (AMQP 2.2-2.7, 5.3).
//
// # Flow
//
// Octets that arrive go into [Conn.Input], which consumes whole frames and returns what they mean as a list of [Event]; octets that are
// to leave are collected as chunks and taken with [Conn.TakeOutput]. Time is passed in: [Conn.NextDeadline] says when [Conn.Tick] is due.
// Nothing here reads a clock, starts a goroutine or blocks.
//
// # Ownership
//
// A Conn is not safe for concurrent use. The transport package guards it with one mutex and calls the receiver of its events only after the
// mutex is free, so that a receiver may call into another connection. Fields named User belong to that receiver.
//
// # Limits
//
// Every size and count that a peer can choose is checked against package limits; a peer that breaks one gets the connection closed with
// the AMQP condition that the clause names. A transfer that the peer's session window does not allow yet is held back, in order, by its session.
//
// # Not done
//
// Link resumption (AMQP 2.6.3), receiver-settles-second, fragmentation of performatives other than transfer, and transactions.
package conn
