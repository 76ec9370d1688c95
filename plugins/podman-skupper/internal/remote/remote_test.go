package remote

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/plugins/podman-skupper/internal/connection"
	"github.com/skupper-plugins/suite/shared/fault"
	"github.com/skupper-plugins/suite/shared/host"
)

// pretend makes an ssh that runs what it is given on this machine, or does what else the script says, for what a real one does not do
// on demand. The program there is another script.
func pretend(t *testing.T, ssh, program string) Machine {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"ssh": ssh, "there/podman-skupper": program} {
		path := filepath.Join(dir, name)
		if text == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil { //nolint:gosec // they are programs
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("THERE", filepath.Join(dir, "there"))
	t.Setenv("HOME", dir)
	return Machine{Place: connection.Place{User: "u", Host: "far.example", Port: "2222", Identity: "/k/id", From: "CONTAINER_HOST"}, Request: Request{Platform: "podman"}, Program: "/p q/podman-skupper"}
}

// passOn is an ssh that checks its words and runs the last one as sshd does.
const passOn = `
case "$*" in "-T -o ConnectTimeout="*" -i /k/id -p 2222 -l u -- far.example "*) ;; *) echo "words: $*" >&2; exit 254;; esac
while [ $# -gt 1 ]; do shift; done
PATH=$THERE:$PATH exec sh -c "$1"`

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	m := pretend(t, passOn, `printf '%s|' "$@"; echo; cat; echo some >&2; exit 6`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	short := m
	got := make(chan error, 1)
	ended := make(chan struct{})
	in, feeder := io.Pipe()
	go func() {
		got <- short.Run(ctx, []string{"link", "status", "--x=it's"}, host.Streams{In: in, Out: &out, Err: &errs})
		close(ended)
	}()
	_, _ = feeder.Write([]byte("hello"))
	_ = feeder.CloseWithError(errors.New("disk pulled out"))
	err := <-got
	<-ended
	if err == nil || !strings.Contains(err.Error(), "disk pulled out") {
		t.Errorf("what is to be sent cannot be read: %v", err)
	}
	if want := `over-ssh|{"platform":"podman","words":["link","status","--x=it's"]}|`; !strings.HasPrefix(out.String(), want) || !strings.HasSuffix(out.String(), "5\r\nhello\r\n") {
		t.Errorf("%q, want %q and what was sent, without an end", out.String(), want)
	}
}

func TestVerdicts(t *testing.T) {
	for _, tc := range []struct {
		name, ssh, program string
		kind               fault.Kind
		says, hint         string
	}{
		{"none", passOn, "", fault.Engine, "there is no podman-skupper on u@far.example:2222, to which CONTAINER_HOST leads", "ssh -i /k/id -p 2222 u@far.example 'mkdir -p ~/.local/bin && cat >~/.local/bin/podman-skupper && chmod 755 ~/.local/bin/podman-skupper' <'/p q/podman-skupper'"},
		{"wrong-machine", passOn, "exit 126", fault.Engine, "cannot be run", "file -L"},
		{"no-answer", "exit 255", "", fault.Engine, "ssh cannot run anything there", "ssh -i /k/id -p 2222 u@far.example true"},
		{"killed", "kill -9 $$", "", fault.Engine, "ssh to u@far.example:2222: signal: killed", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := pretend(t, tc.ssh, tc.program)
			err := m.Run(t.Context(), []string{"version"}, host.Streams{Out: io.Discard, Err: io.Discard})
			if !fault.Is(err, tc.kind) || !strings.Contains(err.Error(), tc.says) || !strings.Contains(fault.Hint(err), tc.hint) {
				t.Errorf("%v, hint %s", err, fault.Hint(err))
			}
		})
	}
	m := pretend(t, passOn, "exit 6")
	if err := m.Run(t.Context(), []string{"version"}, host.Streams{Out: io.Discard, Err: io.Discard}); !errors.Is(err, host.Ended{Code: 6}) {
		t.Errorf("%v", err)
	}
	t.Setenv("PATH", t.TempDir())
	if err := m.Run(t.Context(), []string{"version"}, host.Streams{}); !fault.Is(err, fault.Engine) || !strings.Contains(fault.Hint(err), "openssh-client") {
		t.Errorf("%v", err)
	}
}

// Who interrupts the command here interrupts it there, and sees what it does about it.
func TestInterrupt(t *testing.T) {
	m := pretend(t, passOn, `echo started; cat >/dev/null; echo undone; exit 1`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	err := m.Run(ctx, []string{"link", "status"}, host.Streams{Out: writer(func(p []byte) (int, error) {
		if strings.Contains(string(p), "started") {
			cancel()
		}
		return out.Write(p)
	}), Err: io.Discard})
	if !errors.Is(err, context.Canceled) || out.String() != "started\nundone\n" {
		t.Errorf("%v, %q", err, out.String())
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

func TestServe(t *testing.T) {
	const request = `{"tool":"podman","command":"podman skupper","platform":"podman","words":["token","redeem","-"]}`
	from, to := io.Pipe()
	ctx, req, in, end, err := Serve(t.Context(), []string{request}, from)
	if err != nil || req.Command != "podman skupper" || len(req.Words) != 3 {
		t.Fatalf("%+v, %v", req, err)
	}
	defer end()
	go feed(to, strings.NewReader(strings.Repeat("x", 100_000))) //nolint:errcheck // the test reads it all
	got, err := io.ReadAll(in)
	if err != nil || len(got) != 100_000 {
		t.Fatalf("%d octets, %v", len(got), err)
	}
	if ctx.Err() != nil {
		t.Fatal("the end of what is read is no reason to stop")
	}
	_ = to.Close()
	<-ctx.Done()
	if cause := context.Cause(ctx); !strings.Contains(cause.Error(), "connection has ended") {
		t.Error(cause)
	}
}

// What was cut off is not the whole, whatever it looks like.
func TestCutOff(t *testing.T) {
	ctx, _, in, end, err := Serve(t.Context(), []string{`{"words":["system","apply","-f","-"]}`}, strings.NewReader("5\r\nhello\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	if got, err := io.ReadAll(in); err == nil {
		t.Errorf("%q was all", got)
	}
	<-ctx.Done()
}

func TestNoRequest(t *testing.T) {
	for _, args := range [][]string{nil, {""}, {"{"}, {`{"words":[]}`}, {`{"words":["x"]}`, "y"}} {
		if _, _, _, _, err := Serve(t.Context(), args, strings.NewReader("")); !fault.Is(err, fault.Usage) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
