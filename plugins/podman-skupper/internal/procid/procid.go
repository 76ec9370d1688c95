// Package procid names a process so that its number, when the system gives it to another process, is not taken for it.
package procid

import (
	"errors"
	"fmt"
	"os"
)

// ID is one process of one boot of one machine. The zero value names none.
type ID struct {
	PID   int    `json:"pid"`
	Start string `json:"start"` // when it was started, in the system's own words: only compared, never read
}

// Self is this process.
func Self() (ID, error) { return Of(os.Getpid()) }

// Of is the process that has the number pid now. It fails with os.ErrProcessDone if there is none.
func Of(pid int) (ID, error) {
	if pid <= 0 {
		return ID{}, fmt.Errorf("process %d: %w", pid, os.ErrProcessDone)
	}
	start, err := startOf(pid)
	if err != nil {
		return ID{}, fmt.Errorf("process %d: %w", pid, err)
	}
	return ID{PID: pid, Start: start}, nil
}

// Alive tells whether the very process still runs.
func (id ID) Alive() bool {
	now, err := Of(id.PID)
	return err == nil && now == id
}

// Signal sends a signal to the very process. It fails with os.ErrProcessDone if that is gone, whatever has its number.
func (id ID) Signal(sig os.Signal) error {
	if !id.Alive() {
		return fmt.Errorf("process %d: %w", id.PID, os.ErrProcessDone)
	}
	p, err := os.FindProcess(id.PID)
	if err != nil {
		return fmt.Errorf("process %d: %w", id.PID, err)
	}
	// With process descriptors (Linux 5.3) p cannot become another process from here on; look again, so that it is
	// the right one from the beginning.
	if !id.Alive() {
		return fmt.Errorf("process %d: %w", id.PID, os.ErrProcessDone)
	}
	if err := p.Signal(sig); err != nil {
		return fmt.Errorf("signal process %d: %w", id.PID, err)
	}
	return nil
}

// gone marks err as the answer for a process that is not there.
func gone(err error) error { return errors.Join(os.ErrProcessDone, err) }
