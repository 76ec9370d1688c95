// Package agent is the management node of a router ($management): it answers requests to query, read, create,
// update and delete entities, from the table of entity types in package config.
//
// It knows nothing of the router: a [Source] gives it the rows of each type and carries out the changes. It
// keeps no state, starts no goroutines, and may be used from several goroutines if the Source may.
//
// Replies hold lists and string-keyed maps only, never arrays or symbols: clients in the field fail on those.
// Secrets (passwords) are not told: a set one reads as config.Hidden.
package agent
