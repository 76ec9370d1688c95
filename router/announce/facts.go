package announce

import (
	"slices"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/router/internal/vanflow"
)

// Site is what is told of the site. Its id is also that of the source.
type Site struct {
	ID, Name, Namespace, Platform, Provider, Version string
	Started                                          time.Time
}

// Process is what is told of one process, which in a cluster is a pod.
type Process struct {
	ID         string // unique in the network
	Name       string
	Group      string // processes of a group are shown as one
	Internal   bool   // it belongs to the network itself
	SourceHost string // IP address
	Hostname   string // of the machine it runs on
	ImageName  string
	Started    time.Time
}

// MaxProcesses is how many processes are told of: consumers keep no more records of one source.
const MaxProcesses = 19_000

// table is the records, by the processes they are about. One goroutine uses it.
type table struct {
	source *vanflow.Source
	known  map[string]*vanflow.Record
}

// newTable has the record of the site only.
func newTable(s Site, now time.Time) *table {
	t := &table{source: vanflow.NewController(s.ID, now), known: map[string]*vanflow.Record{}}
	r := t.source.Begin(s.Started, vanflow.Site, s.ID)
	r.TextIf(vanflow.Name, s.Name)
	r.TextIf(vanflow.Namespace, s.Namespace)
	r.TextIf(vanflow.Platform, s.Platform)
	r.TextIf(vanflow.Provider, s.Provider)
	r.TextIf(vanflow.Version, s.Version)
	return t
}

// set makes the records be about these processes.
func (t *table) set(now time.Time, processes []Process) {
	gone := make(map[string]*vanflow.Record, len(t.known))
	for id, r := range t.known {
		gone[id] = r
	}
	slices.SortFunc(processes, func(a, b Process) int { return strings.Compare(a.ID, b.ID) })
	for _, p := range processes[:min(len(processes), MaxProcesses)] {
		r := t.known[p.ID]
		delete(gone, p.ID)
		if r == nil {
			r = t.source.Begin(p.Started, vanflow.Process, p.ID)
			r.Text(vanflow.Parent, t.source.ID())
			t.known[p.ID] = r
		}
		mode := "external"
		if p.Internal {
			mode = "internal"
		}
		r.Text(vanflow.Mode, mode)
		r.TextIf(vanflow.Name, p.Name)
		r.TextIf(vanflow.Group, p.Group)
		r.TextIf(vanflow.SourceHost, p.SourceHost)
		r.TextIf(vanflow.Hostname, p.Hostname)
		r.TextIf(vanflow.ImageName, p.ImageName)
	}
	for id, r := range gone {
		t.source.End(now, r)
		delete(t.known, id)
	}
}
