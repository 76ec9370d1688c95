//go:build race

package faults

// underRace: what the race detector keeps of memory is several times what the router does.
const underRace = true
