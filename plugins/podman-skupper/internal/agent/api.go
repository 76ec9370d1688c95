package agent

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"go.uber.org/multierr"

	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// Health is what an agent says of itself.
type Health struct {
	PID     int       `json:"pid"`
	Version string    `json:"version"`
	Home    string    `json:"home"`
	Since   time.Time `json:"since"`
	Grants  string    `json:"grants,omitempty"` // where tokens can be redeemed now; empty: nowhere
	Sites   []string  `json:"sites,omitempty"`  // namespaces whose router is to run
	// Failed says of namespaces why their last pass did not come to its end.
	Failed map[string]string `json:"failed,omitempty"`
}

// Report is how a namespace was left by a pass.
type Report struct {
	Site       string   `json:"site,omitempty"`       // name of the site; empty: there is none
	Stopped    bool     `json:"stopped,omitempty"`    // on purpose
	WaitingFor []string `json:"waitingFor,omitempty"` // what keeps the site from being as wanted
	Faults     []string `json:"faults,omitempty"`     // what is wrong with input files
	Broken     []string `json:"broken,omitempty"`     // those of Faults because of which something is not applied
	Error      string   `json:"error,omitempty"`      // why the pass could not be completed
	Kind       int      `json:"kind,omitempty"`       // the fault.Kind of Error
	Hint       string   `json:"hint,omitempty"`
}

// handler is the agent's interface: JSON over HTTP on a socket that only its user can open.
func (a *Agent) handler(ctx context.Context) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/health", func(w http.ResponseWriter, _ *http.Request) { reply(w, a.health()) })
	mux.HandleFunc("POST /v1/namespaces/{ns}/reconcile", func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		for a.reconcile(ctx, w, r, query.Has("reload"), query.Has("nowait")) { // the owner had just ended, of a directory that was removed
		}
	})
	mux.HandleFunc("POST /v1/shutdown", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, a.health())
		a.told.Store(true)
		a.stop()
	})
	return mux
}

// reconcile answers a request for a pass. It does not if whoever does the passes ended before it took the request: that is to be made again.
func (a *Agent) reconcile(ctx context.Context, w http.ResponseWriter, r *http.Request, reload, nowait bool) (again bool) {
	n := a.namespace(ctx, r.PathValue("ns"))
	if ctx.Err() != nil {
		http.Error(w, "the agent ends", http.StatusServiceUnavailable)
		return false
	}
	if n == nil {
		http.Error(w, "there is no such namespace", http.StatusNotFound)
		return false
	}
	if nowait {
		n.poke()
		reply(w, Report{})
		return false
	}
	p := request{reload: reload, done: make(chan Report, 1)}
	select {
	case n.requests <- p:
	case <-n.ended:
		return true
	case <-r.Context().Done():
		return false
	case <-ctx.Done():
		http.Error(w, "the agent ends", http.StatusServiceUnavailable)
		return false
	}
	select {
	case rep := <-p.done:
		reply(w, rep)
	case <-r.Context().Done():
	case <-ctx.Done():
		http.Error(w, "the agent ends", http.StatusServiceUnavailable)
	}
	return false
}

func (a *Agent) health() Health {
	h := Health{PID: os.Getpid(), Version: a.opts.Version, Home: a.opts.Paths.Data(), Since: a.since, Grants: a.grants.url("")}
	for _, n := range a.all() {
		if n.wanted.Load() {
			h.Sites = append(h.Sites, n.name)
		}
		if why := n.complaint(); why != "" {
			if h.Failed == nil {
				h.Failed = map[string]string{}
			}
			h.Failed[n.name] = why
		}
	}
	sort.Strings(h.Sites)
	return h
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the caller may have gone
}

// fail notes why a pass could not be completed.
func (r *Report) fail(err error) {
	if err != nil {
		r.Error, r.Kind, r.Hint = distinct(err.Error()), int(fault.KindOf(err)), hint(err)
	}
}

// distinct is a text of several errors, a line each, without those that say again what others said: an engine that is gone is met
// by every step of a pass.
func distinct(text string) string {
	var lines []string
	for l := range strings.Lines(text) {
		if l = strings.TrimRight(l, "\n"); !slices.Contains(lines, l) {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}

// hint is what to do first about an error: of several the one that others may follow from, a full disk.
func hint(err error) string {
	for _, one := range multierr.Errors(err) {
		if h := fault.Hint(one); h != "" && atomicfile.Full(one) {
			return h
		}
	}
	return fault.Hint(err)
}

// Err is the error of the pass.
func (r Report) Err() error {
	if r.Error == "" {
		return nil
	}
	return fault.New(fault.Kind(r.Kind), r.Error, r.Hint)
}
