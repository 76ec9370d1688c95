//go:build !linux

package supervise

// Holder cannot be found out here: nobody is said to have the port.
func Holder(string, int) PortHolder { return PortHolder{none: true} }

// BusyPorts cannot be found out here.
func BusyPorts() []int { return nil }

// PortView knows nothing here.
type PortView struct{}

// LookAtPorts sees nothing here.
func LookAtPorts(int) *PortView { return &PortView{} }

// Holder cannot be found out here: nobody is said to have the port.
func (*PortView) Holder(string, int) PortHolder { return PortHolder{none: true} }
