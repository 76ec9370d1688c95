package shim

// Exit codes of shells where a program could not be run; scripts know them.
const (
	notRun   = 126
	notFound = 127
)
