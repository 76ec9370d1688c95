package podmanhost

import "github.com/skupper-plugins/suite/plugins/podman-skupper/internal/shim"

// called is how the user called the program. The zero value is by its own name.
type called struct {
	tool    string // the tool by whose words
	command string // those words, skupper's own among them
}

// As is the host of a program that was called by the words of a tool: "docker", "docker skupper". Empty is by its own name.
func (h Host) As(tool, command string) Host {
	h.called = called{tool: tool, command: command}
	return h
}

func (c called) words() string {
	if c.command == "" {
		return shim.Program
	}
	return c.command
}
