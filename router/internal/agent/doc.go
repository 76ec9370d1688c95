// Package agent is the management node of a router ($management): it answers requests to query, read, create,
// update and delete entities, from the table of entity types in package config.
//
// It knows nothing of the router: a [Source] gives it the rows of each type and carries out the changes. It
// keeps no state, starts no goroutines, and may be used from several goroutines if the Source may.
//
// Replies hold lists and string-keyed maps only, never arrays or symbols: clients in the field fail on those.
// Secrets (passwords) are not told: a set one reads as config.Hidden.
//
// # What is not done
//
// PROFILE, which other routers have, starts and stops the profiler of their Python interpreter; no tool asks for it, and there is no interpreter here.
// Attributes of what routers of ours do not do are there and empty, or 0: auto-links, route containers, connections between networks, addresses to
// fall back to, where a log goes.
package agent
