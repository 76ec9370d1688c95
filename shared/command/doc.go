// Package command has the one tree of commands that every host tool shows, and Main, which runs it: flags may stand anywhere
// among the operands, a usage error touches nothing outside the process, stdout carries the answer only, and one place
// prints an error and fixes the exit code.
package command
