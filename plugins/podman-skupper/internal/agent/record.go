package agent

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/filestore"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/procid"
	"github.com/skupper-plugins/suite/shared/atomicfile"
)

// maxRecord is the largest record read, in octets.
const maxRecord = 4 << 10

// sayWho writes which process the agent is into the lock's file. An agent that ends because it was told to takes that
// away again; so what is left there of a process that is gone is an agent that died.
func sayWho(f *os.File) error {
	self, err := procid.Self()
	if err != nil {
		return err
	}
	b, err := json.Marshal(self)
	if err != nil {
		return err
	}
	n, err := f.WriteAt(append(b, '\n'), 0) // in place: on a full disk there is room where the last record was
	if err == nil {
		err = f.Truncate(int64(n))
	}
	if err != nil {
		return atomicfile.Explain("write", f.Name(), err)
	}
	return nil
}

// last is the process that the agent's record names.
func last(p filestore.Paths) (id procid.ID, ok bool) {
	f, err := os.Open(p.AgentLock())
	if err != nil {
		return id, false
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxRecord))
	return id, err == nil && json.Unmarshal(b, &id) == nil && id.PID > 1 && id.Start != ""
}

// Died tells whether the last agent of an installation ended without having been told to. It is false where nothing can
// be said, as when the home is gone.
func Died(p filestore.Paths) bool {
	id, ok := last(p)
	return ok && !id.Alive()
}

// Lives tells whether an agent runs, be it that it does not answer.
func Lives(p filestore.Paths) bool {
	id, ok := last(p)
	return ok && id.Alive()
}

// Forget makes an agent that died one that was told to end, so that nobody starts it again. The caller makes sure that
// none is being started.
func Forget(p filestore.Paths) error {
	if !Died(p) {
		return nil
	}
	if err := os.Truncate(p.AgentLock(), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return atomicfile.Explain("write", p.AgentLock(), err)
	}
	return nil
}
