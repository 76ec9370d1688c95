package proc

import (
	"bytes"
	"fmt"
	"os"
	"time"
)

// Window measures what processes use between two moments.
type Window struct {
	pids    []int
	ends    []int
	began   time.Time
	theirs  time.Duration // of pids
	ours    time.Duration // of this process and of ends
	machine time.Duration
}

// Spent is what was used in a window.
type Spent struct {
	Wall time.Duration
	CPU  time.Duration // of the measured processes
	// Noise is how many cores were busy with what belongs neither to the measured processes nor to those that measure. Figures of
	// two targets can only be compared if there was little of it, or as much in both.
	Noise float64
}

// Open begins a window. There may be no pids. Ends are processes that take part in the measurement, like this one.
func Open(pids []int, ends ...int) (Window, error) {
	w := Window{pids: pids, ends: append(ends[:len(ends):len(ends)], os.Getpid()), began: time.Now()}
	err := w.read(&w.theirs, &w.ours, &w.machine)
	return w, err
}

// Close ends the window.
func (w Window) Close() (Spent, error) {
	var theirs, ours, machine time.Duration
	if err := w.read(&theirs, &ours, &machine); err != nil {
		return Spent{}, err
	}
	s := Spent{Wall: time.Since(w.began), CPU: theirs - w.theirs}
	noise := (machine - w.machine) - s.CPU - (ours - w.ours)
	s.Noise = max(0, noise.Seconds()/s.Wall.Seconds()) // ticks are counted in different places, so it may come out below
	return s, nil
}

func (w Window) read(theirs, ours, machine *time.Duration) error {
	var err error
	if *theirs, err = cpuOfAll(w.pids); err != nil {
		return err
	}
	if *ours, err = cpuOfAll(w.ends); err != nil {
		return err
	}
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return err
	}
	*machine, err = busyOf(b)
	return err
}

func cpuOfAll(pids []int) (sum time.Duration, err error) {
	for _, pid := range pids {
		t, err := CPU(pid)
		if err != nil {
			return 0, fmt.Errorf("a process of the measurement is gone: %w", err)
		}
		sum += t
	}
	return sum, nil
}

// busyOf adds what proc_stat(5) says of all cores: user, nice, system, irq and softirq. Interrupts belong to it because
// the time of a process includes those that it was interrupted by. What a hypervisor took away (steal) is noise as well.
func busyOf(stat []byte) (time.Duration, error) {
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	f := bytes.Fields(line)
	if len(f) < 9 || string(f[0]) != "cpu" {
		return 0, fmt.Errorf("the first line of /proc/stat is %q", line)
	}
	return sum(f[1], f[2], f[3], f[6], f[7], f[8])
}
