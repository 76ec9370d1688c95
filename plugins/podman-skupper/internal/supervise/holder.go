package supervise

import "fmt"

// PortHolder is the process that has a port. The zero value is one that nothing is known of.
type PortHolder struct {
	PID  int
	Name string
	none bool
}

// None tells that nobody has the port.
func (h PortHolder) None() bool { return h.none }

// String is "process 123 (nginx)", empty if nothing is known.
func (h PortHolder) String() string {
	if h.PID == 0 {
		return ""
	}
	return fmt.Sprintf("process %d (%s)", h.PID, h.Name)
}
