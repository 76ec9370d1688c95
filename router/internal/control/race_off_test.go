//go:build !race

package control

// underRace: see the other file.
const underRace = false
