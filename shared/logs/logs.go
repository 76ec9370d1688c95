// Package logs sets up logging and has the names of all fields.
//
// A log line is the name of an event, which is a constant text, and fields: nothing is interpolated, so lines can be
// found by what they are about. Secrets (codes, keys, passwords, contents of secrets) are never fields.
package logs

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Names of fields. A value of one of these kinds always goes under its name.
const (
	Err       = "error"     // error text; what zerolog's Err sets
	Component = "component" // part of the program: agent, router, grants, redeem, controller
	Namespace = "namespace" // namespace of a site
	Site      = "site"      // name of a site
	SiteID    = "siteId"    // UID of a site
	Kind      = "kind"      // kind of a resource
	Name      = "name"      // name of a resource
	Router    = "router"    // id of a router
	Link      = "link"      // name of a Link, or number of an AMQP link within the engine
	Conn      = "conn"      // number of a connection
	Address   = "address"   // router address or routing key
	Host      = "host"      // host name or IP address
	Port      = "port"      // TCP port
	Peer      = "peer"      // remote host:port
	Grant     = "grant"     // name of an AccessGrant
	Token     = "token"     // name of an AccessToken
	Cert      = "cert"      // name of a certificate
	Expires   = "expires"   // instant at which something ends, RFC 3339
	File      = "file"      // path of a file
	PID       = "pid"       // process id
	Count     = "count"     // how many
	Took      = "took"      // duration, in milliseconds
	Attempt   = "attempt"   // number of a try, from 1
	Reason    = "reason"    // why, when it is no error
)

// Format is how lines are written.
type Format string

// The formats.
const (
	JSON Format = "json" // one object a line; the zero value means this
	Text Format = "text" // for people
)

// Formats are the words for flags.
func Formats() []string { return []string{string(JSON), string(Text)} }

// Levels are the words for flags, from the most talkative.
func Levels() []string {
	return []string{"trace", "debug", "info", "warn", "error", "off"}
}

// New makes a logger that writes to w lines of level and worse. Times are UTC with milliseconds.
func New(w io.Writer, format Format, level string) (zerolog.Logger, error) {
	l, err := parseLevel(level)
	if err != nil {
		return zerolog.Nop(), err
	}
	switch format {
	case JSON, "":
	case Text:
		w = zerolog.ConsoleWriter{Out: w, NoColor: true, TimeFormat: timeFormat, TimeLocation: time.UTC}
	default:
		return zerolog.Nop(), fmt.Errorf("log format is %q, want %s", format, strings.Join(Formats(), " or "))
	}
	return zerolog.New(w).Level(l).Hook(stamp{}), nil
}

// Off is a logger that writes nothing, which is what commands use unless told to be verbose.
func Off() zerolog.Logger { return zerolog.Nop() }

func parseLevel(s string) (zerolog.Level, error) {
	switch {
	case s == "":
		return zerolog.InfoLevel, nil
	case s == "off":
		return zerolog.Disabled, nil
	case !slices.Contains(Levels(), s):
		return zerolog.NoLevel, fmt.Errorf("log level is %q, want %s", s, strings.Join(Levels(), ", "))
	}
	return zerolog.ParseLevel(s)
}

const timeFormat = "2006-01-02T15:04:05.000Z"

// stamp adds the time in a format of our own, without changing zerolog's for the whole process.
type stamp struct{}

// Run implements zerolog.Hook.
func (stamp) Run(e *zerolog.Event, _ zerolog.Level, _ string) {
	e.Str(zerolog.TimestampFieldName, time.Now().UTC().Format(timeFormat))
}
