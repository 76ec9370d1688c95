package shim

import (
	"path/filepath"
	"strings"
)

// Tools by whose words the program can be called.
const (
	Podman = "podman"
	Docker = "docker"
)

// Word is what the tools' users type behind the tool's name.
const Word = "skupper"

// Call is what the program was called for.
type Call struct {
	Tool     string   // the tool by whose words it was called; empty: by its own
	Args     []string // the words that are for skupper
	Pass     bool     // nothing here is for skupper: the real tool has to do it
	Metadata bool     // docker wants to know what plugin this is
}

// Recognize tells from its arguments, the program's name first, what the program was called for. The error is what was
// wrong with the flags of the tool that stand before the word skupper.
func Recognize(argv []string) (Call, error) {
	if len(argv) == 0 {
		return Call{}, nil
	}
	args := argv[1:]
	switch strings.TrimSuffix(filepath.Base(argv[0]), ".exe") {
	case Podman:
		ours, rest, err := podmanFlags.behind(args)
		if !ours {
			return Call{Tool: Podman, Pass: true}, nil
		}
		return Call{Tool: Podman, Args: rest}, err
	case Docker + "-" + Word:
		if len(args) == 1 && args[0] == "docker-cli-plugin-metadata" {
			return Call{Tool: Docker, Metadata: true}, nil
		}
		ours, rest, err := dockerFlags.behind(args)
		if !ours {
			return Call{Args: args}, nil // not called by docker: the program under another name
		}
		return Call{Tool: Docker, Args: rest}, err
	}
	return Call{Args: args}, nil
}

// Command is what the user typed before skupper's own words; empty if that was the program's name.
func (c Call) Command() string {
	if c.Tool == "" {
		return ""
	}
	return c.Tool + " " + Word
}
