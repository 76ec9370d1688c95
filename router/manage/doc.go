// Package manage is a client of a router's AMQP management node ($management).
//
// It works with this module's router and with skupper-router alike. One [Client] is one connection with one
// request under way at a time; it may be used from several goroutines. It does not reconnect: after an error
// that is not a [*StatusError] or a time-out, close it and dial again.
//
// Everything that comes from the router is bounded: see the Max constants.
package manage
