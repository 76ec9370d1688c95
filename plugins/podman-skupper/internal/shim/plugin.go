package shim

import (
	"context"
	"encoding/json"
	"io"
	"net"
)

// metadata is what docker asks a plugin for, in the fields of its schema 0.1.0.
type metadata struct {
	SchemaVersion    string
	Vendor           string
	Version          string
	ShortDescription string
}

// WriteMetadata tells docker what plugin this is.
func WriteMetadata(w io.Writer, version string) error {
	return json.NewEncoder(w).Encode(metadata{SchemaVersion: "0.1.0", Vendor: "skupper plugins", Version: version,
		ShortDescription: "Link sites into one application network"})
}

// SocketEnv is where docker says at which socket it tells its plugin to end.
const SocketEnv = "DOCKER_CLI_PLUGIN_SOCKET"

// WatchDocker calls stop when docker, which was interrupted, closes the plugin's socket: without a terminal the plugin gets no
// signal itself. A socket that cannot be reached means nothing. It goes on until ctx is over or end is called, which waits for it.
func WatchDocker(ctx context.Context, socket string, stop func()) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		watch(ctx, socket, stop)
	}()
	return func() {
		cancel()
		<-done
	}
}

func watch(ctx context.Context, socket string, stop func()) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return
	}
	undo := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends the read
	_, _ = io.Copy(io.Discard, conn)                            // how it ends makes no difference
	if undo() {
		_ = conn.Close() // nothing was written
		stop()
	}
}
