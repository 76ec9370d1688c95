//go:build race

package control

// underRace: a run in one goroutine has no races, and takes ten times as long to show it.
const underRace = true
