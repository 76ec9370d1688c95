package main

import (
	"encoding/json"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// describe writes the line before the figures of one run: when, on what, and what was asked for.
func describe(w io.Writer, o options, now time.Time) error {
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(struct {
		At        time.Time `json:"at"`
		Cores     int       `json:"cores"`
		Kernel    string    `json:"kernel"`
		Go        string    `json:"go"`
		Dur       string    `json:"dur"` // of each measurement
		Rounds    int       `json:"rounds"`
		Router    string    `json:"router"`
		Skrouterd string    `json:"skrouterd,omitempty"`
	}{now.UTC().Truncate(time.Second), runtime.NumCPU(), strings.TrimSpace(string(kernel)), runtime.Version(), o.dur.String(), o.rounds, o.router, o.skrouterd})
}
