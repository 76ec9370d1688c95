package supervise

import "fmt"

// PortHolder is the process that has a port. The zero value is one that nothing is known of.
type PortHolder struct {
	PID  int
	Name string
	none bool

	connection bool // it does not listen: a connection of it goes out from the port
}

// None tells that nobody has the port.
func (h PortHolder) None() bool { return h.none }

// Connection tells that the port is one that a connection goes out from. It is free again when that ends.
func (h PortHolder) Connection() bool { return h.connection }

// String is "process 123 (nginx)", empty if nothing is known.
func (h PortHolder) String() string {
	switch {
	case h.PID == 0 && h.connection:
		return "a connection that goes out from it"
	case h.PID == 0:
		return ""
	case h.connection:
		return fmt.Sprintf("a connection of process %d (%s)", h.PID, h.Name)
	}
	return fmt.Sprintf("process %d (%s)", h.PID, h.Name)
}
