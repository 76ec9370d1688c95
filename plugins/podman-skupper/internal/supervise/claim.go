package supervise

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/lockfile"
	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/procid"
	"github.com/skupper-plugins/suite/shared/atomicfile"
	"github.com/skupper-plugins/suite/shared/fault"
)

// Record is what a router process says of itself.
type Record struct {
	procid.ID
	Since   time.Time `json:"since"`
	Program string    `json:"program"`
}

// maxRecord is the largest record read, in octets.
const maxRecord = 4 << 10

// Claim is a namespace's right to run a router, held by the process that has it until it ends.
type Claim struct{ lock *lockfile.Lock }

// Take makes this process the router of the file path (router.pid). It fails with fault.Conflict if another one is.
func Take(ctx context.Context, path, program string, now time.Time) (*Claim, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // a router that is just ending still holds it for a moment
	defer cancel()
	lock, err := lockfile.Take(ctx, path)
	if err != nil {
		if other, rerr := ReadRecord(path); rerr == nil && other.Alive() {
			return nil, fault.New(fault.Conflict, fmt.Sprintf("process %d is the router of this namespace already", other.PID),
				"stop it with system stop first")
		}
		return nil, err
	}
	self, err := procid.Self()
	if err != nil {
		lock.Release()
		return nil, err
	}
	c := &Claim{lock}
	if err := c.write(Record{ID: self, Since: now.UTC().Truncate(time.Second), Program: program}); err != nil {
		lock.Release()
		return nil, fault.Wrap(fault.Failed, "write "+path, err, "")
	}
	return c, nil
}

// write overwrites the record in place: a new file would have a new lock, and on a full disk there is no room but where
// the old record was.
func (c *Claim) write(r Record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f := c.lock.File()
	n, err := f.WriteAt(append(b, '\n'), 0)
	if err != nil {
		return err
	}
	return f.Truncate(int64(n))
}

// Standing tells whether the claim still is the one that others see: it is not once the file was removed, as when
// somebody deletes the whole namespace. Then nobody could find this process any more, so it should end.
func (c *Claim) Standing() bool { return c.lock.Standing() }

// Inherit keeps the claim over the exec of another program.
func (c *Claim) Inherit() error { return c.lock.Inherit() }

// Release ends the claim.
func (c *Claim) Release() { c.lock.Release() }

// ReadRecord reads the record of the router process that ran last. It fails with os.ErrNotExist if there never was one.
func ReadRecord(path string) (Record, error) {
	f, err := os.Open(path)
	if err != nil {
		return Record{}, err
	}
	defer func() { _ = f.Close() }()
	b := make([]byte, maxRecord)
	n, _ := f.Read(b) // nothing read is no record: seen below
	var r Record
	if err := json.Unmarshal(b[:n], &r); err != nil {
		return Record{}, fmt.Errorf("read %s: not a process record", path)
	}
	if r.PID <= 1 || r.Start == "" {
		return Record{}, fmt.Errorf("read %s: not a process record", path)
	}
	return r, nil
}

// WriteRecord writes the record of a router that makes no claim itself, as it cannot reach the file.
func WriteRecord(path string, r Record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = atomicfile.WriteChanged(path, 0o644, append(b, '\n'))
	return err
}
