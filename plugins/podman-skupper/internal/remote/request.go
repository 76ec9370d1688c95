package remote

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httputil"

	"github.com/skupper-plugins/suite/shared/fault"
)

// Word is the program's first one where it is started by another machine.
const Word = "over-ssh"

// Request is what is to be run, and how the user said it.
type Request struct {
	Tool     string   `json:"tool,omitempty"`    // by whose words the program was called; empty: by its own
	Command  string   `json:"command,omitempty"` // those words
	Platform string   `json:"platform"`          // of a new site that nobody names one for: that of the engine that was chosen
	Engine   string   `json:"engine,omitempty"`  // unix:///PATH of it; empty: it is where its socket usually is
	Words    []string `json:"words"`             // the command
}

// Serve makes the command of a request ready to run: args are the words behind Word. The command reads in, and has to be
// interrupted when ctx ends, which is when from does. end lets go of all that.
func Serve(ctx context.Context, args []string, from io.Reader) (_ context.Context, req Request, in io.Reader, end func(), err error) {
	if len(args) == 1 {
		err = json.Unmarshal([]byte(args[0]), &req)
	}
	if len(args) != 1 || err != nil || len(req.Words) == 0 {
		return nil, req, nil, nil, fault.New(fault.Usage, Word+" is for the program on another machine, which did not say what to run", "have the same version of it on both")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r, w := io.Pipe()
	pump := func() {
		_, err := io.Copy(w, httputil.NewChunkedReader(from))
		w.CloseWithError(err)
		if err == nil {
			_, err = io.Copy(io.Discard, from) // until there is nobody any more
		}
		cancel(fmt.Errorf("the connection has ended: %w", cmp.Or(err, io.EOF)))
	}
	go pump() // a read of stdin that is under way goes with the process
	return ctx, req, r, func() { cancel(nil); _ = r.Close() }, nil
}
