package host

import (
	"io"
	"os"
)

// Streams are the three streams of a command: Out carries the answer only, Err everything else.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// StdStreams are those of the process.
func StdStreams() Streams { return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr} }
