package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/connection"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

// Times of a connection over ssh. A peer that is silent for silences in a row is given up.
const (
	connectTime = 20 * time.Second
	silentTime  = 15 * time.Second
	silences    = 4
	goodbye     = 10 * time.Second // for the command there to undo what an interrupt leaves half done
	interrupted = 200 * time.Millisecond
)

// Codes that a shell or ssh itself ends with.
const (
	notRunnable = 126
	notFound    = 127
	sshFailed   = 255
)

// start finds the program where people and their tools put it, also if the shell that ssh starts knows only some of these places, and
// becomes it. It is for sh, whatever shell the user has there.
const start = `PATH="$PATH:$HOME/.local/bin:$HOME/bin:${KREW_ROOT:-$HOME/.krew}/bin:/usr/local/bin"; ` +
	`command -v podman-skupper >/dev/null 2>&1 || exit 127; exec podman-skupper "$@"`

// Machine runs the program at a place. It implements host.Machine.
type Machine struct {
	Place   connection.Place
	Request Request // but for the words
	Program string  // path of this program, for whoever has to copy it; empty: not known
}

var _ host.Machine = Machine{}

// Run implements host.Machine.
func (m Machine) Run(ctx context.Context, words []string, s host.Streams) error {
	ssh, err := exec.LookPath("ssh")
	if err != nil {
		return fault.Wrap(fault.Engine, m.Place.From+" leads to another machine, "+m.Place.String()+", and ssh cannot be run", err, "install the ssh client of your system (openssh-client)")
	}
	req := m.Request
	req.Words = words
	text, err := json.Marshal(req)
	if err != nil {
		return fmt.Errorf("encode the command: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cmd := exec.CommandContext(ctx, ssh, append(m.options(), quote("exec", "sh", "-c", start, "sh", Word, string(text)))...)
	cmd.Stdout, cmd.Stderr = s.Out, s.Err
	cmd.WaitDelay = goodbye
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("run ssh: %w", err)
	}
	cmd.Cancel = stdin.Close // which interrupts the command there
	if err := cmd.Start(); err != nil {
		return fault.Wrap(fault.Engine, "run "+ssh, err, "")
	}
	go func() {
		if err := feed(stdin, s.In); err != nil {
			cancel(err)
		}
	}()
	if err = cmd.Wait(); err == nil {
		return nil
	}
	if c := cmd.ProcessState.ExitCode(); c < 0 || c == sshFailed { // a terminal interrupts both, and ssh may be the first to end
		select {
		case <-ctx.Done():
		case <-time.After(interrupted):
		}
	}
	if why := context.Cause(ctx); why != nil {
		return why
	}
	return m.verdict(err)
}

// feed sends all of in, and says that it was all. The error is one of in: that nobody reads any more is told by the end of who did.
func feed(to io.Writer, in io.Reader) error {
	w := httputil.NewChunkedWriter(to)
	if in != nil {
		from := &source{Reader: in}
		if _, err := io.Copy(w, from); err != nil || from.err != nil {
			return from.err // the last chunk is missing, by which it is known there
		}
	}
	_ = w.Close() // as above
	return nil
}

// source keeps the error of a reader.
type source struct {
	io.Reader
	err error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = fmt.Errorf("read what is to be sent: %w", err)
	}
	return n, err
}

// options are those of ssh, up to the place.
func (m Machine) options() []string {
	seconds := func(name string, d time.Duration) string { return fmt.Sprintf("%s=%d", name, int(d.Seconds())) }
	opts := []string{"-T", "-o", seconds("ConnectTimeout", connectTime), "-o", seconds("ServerAliveInterval", silentTime), "-o", fmt.Sprintf("ServerAliveCountMax=%d", silences)}
	if m.Place.Virtual { // its key is a new one each time it is made, and its port that of this machine
		opts = append(opts, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile="+os.DevNull, "-o", "LogLevel=ERROR")
	}
	return append(opts, m.place()...)
}

func (m Machine) place() (words []string) {
	for _, o := range []struct{ flag, value string }{{"-i", m.Place.Identity}, {"-p", m.Place.Port}, {"-l", m.Place.User}} {
		if o.value != "" {
			words = append(words, o.flag, o.value)
		}
	}
	return append(words, "--", m.Place.Host)
}

// byHand is ssh to the place as a user types it.
func (m Machine) byHand() string {
	words := "ssh"
	if m.Place.Identity != "" {
		words += " -i " + quote(m.Place.Identity)
	}
	if m.Place.Port != "" {
		words += " -p " + m.Place.Port
	}
	if m.Place.User != "" {
		return words + " " + m.Place.User + "@" + m.Place.Host
	}
	return words + " " + m.Place.Host
}

// verdict is the error that the end of ssh stands for.
func (m Machine) verdict(err error) error {
	var exit *exec.ExitError
	switch {
	case !errors.As(err, &exit):
		return fault.Wrap(fault.Engine, "run ssh to "+m.Place.String(), err, "")
	case exit.ExitCode() == sshFailed:
		return fault.New(fault.Engine, m.Place.From+" leads to another machine, "+m.Place.String()+", and ssh cannot run anything there", m.byHand()+" true")
	case exit.ExitCode() == notFound:
		return fault.New(fault.Engine, "there is no podman-skupper on "+m.Place.String()+", to which "+m.Place.From+" leads, and the site is to be there (this program is for "+runtime.GOOS+"/"+runtime.GOARCH+")", m.install())
	case exit.ExitCode() == notRunnable:
		return fault.New(fault.Engine, "podman-skupper on "+m.Place.String()+" cannot be run: it may be for another kind of machine", m.byHand()+" file -L .local/bin/podman-skupper")
	case exit.ExitCode() < 0:
		return fault.Wrap(fault.Engine, "ssh to "+m.Place.String(), err, "")
	}
	return host.Ended{Code: exit.ExitCode()}
}

// install is how the program gets there.
func (m Machine) install() string {
	if m.Program == "" || runtime.GOOS != "linux" {
		return "install it there, into ~/.local/bin"
	}
	return m.byHand() + " 'mkdir -p ~/.local/bin && cat >~/.local/bin/podman-skupper && chmod 755 ~/.local/bin/podman-skupper' <" + quote(m.Program)
}

// quote is words as a shell reads them.
func quote(words ...string) string {
	quoted := make([]string, 0, len(words))
	for _, w := range words {
		quoted = append(quoted, host.Quote(w))
	}
	return strings.Join(quoted, " ")
}
