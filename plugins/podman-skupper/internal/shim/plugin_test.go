package shim

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMetadata(t *testing.T) {
	var b bytes.Buffer
	if err := WriteMetadata(&b, "v1.2"); err != nil {
		t.Fatal(err)
	}
	want := `{"SchemaVersion":"0.1.0","Vendor":"skupper plugins","Version":"v1.2","ShortDescription":"Link sites into one application network"}` + "\n"
	if b.String() != want {
		t.Errorf("got %s, want %s", &b, want)
	}
}

func TestWatchDocker(t *testing.T) {
	dir, err := os.MkdirTemp("", "sk") //nolint:usetesting // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	stopped := make(chan struct{})
	end := WatchDocker(t.Context(), socket, func() { close(stopped) })
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("x")); err != nil { // means nothing
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	<-stopped // docker has gone
	end()

	never := func() { t.Error("stopped without reason") }
	end = WatchDocker(t.Context(), socket, never)
	if conn, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	end() // the command is done
	_ = conn.Close()

	ctx, cancel := context.WithCancel(t.Context())
	end = WatchDocker(ctx, socket, never)
	if conn, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	cancel() // interrupted by other means
	end()
	_ = conn.Close()

	WatchDocker(t.Context(), socket+"-none", never)()
}
