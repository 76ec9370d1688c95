// Package config holds the entities of a router's configuration file (skrouterd.json) as plain data:
// it reads, writes, checks and compares them.
//
// The file is a JSON array of [type, {attributes}] pairs. What this package does not know, be it a whole
// entity or one attribute, is kept and written back unchanged. The table of entity types and attributes
// (see [Lookup]) is the one that the management node answers from.
package config
