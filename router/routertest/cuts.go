package routertest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"
)

// promptly is how soon a client must learn that its connection is over.
const promptly = 5 * time.Second

func putDown(head []byte, n int64) { binary.LittleEndian.PutUint64(head[8:], uint64(n)) }

// AwaitEnd reads a connection to its end and says how long that took. An orderly end is an error unless lenient is set; so is none within d.
func AwaitEnd(c net.Conn, d time.Duration, lenient bool) (time.Duration, error) {
	start := time.Now()
	_ = c.SetReadDeadline(start.Add(d))
	_, err := io.Copy(io.Discard, c)
	took := time.Since(start).Round(time.Millisecond)
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return took, fmt.Errorf("the client has not heard of the end within %v", d)
	case err == nil && !lenient:
		return took, errors.New("the client took the cut for an orderly end")
	}
	return took, nil
}

// refused has nobody listen behind the connector.
func refused(t *testing.T, p path, load Load) {
	s := Serve(t, func(*net.TCPConn) {})
	s.Close()
	addr := p.open(t, s.Port)
	for range 10 {
		c, done, err := Dial(limited(t), addr)
		if errors.Is(err, syscall.ECONNRESET) {
			continue // the refusal overtook the connection
		}
		if err != nil {
			t.Fatal(err)
		}
		_, err = AwaitEnd(c, promptly, load.Lenient)
		done()
		if err != nil {
			t.Error(err)
		}
	}
}

// serverReset has the server reset a connection in use.
func serverReset(t *testing.T, p path, load Load) {
	s := Serve(t, func(c *net.TCPConn) {
		var b [8]byte
		_, _ = io.ReadFull(c, b[:])
		_, _ = c.Write(b[:])
		time.Sleep(50 * time.Millisecond)
		_ = c.SetLinger(0)
	})
	c, done, err := Dial(limited(t), p.open(t, s.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if _, err := io.WriteString(c, "12345678"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	if took, err := AwaitEnd(c, promptly, load.Lenient); err != nil {
		t.Errorf("after %v: %v", took, err)
	}
}

// clientReset has the client reset a connection in use.
func clientReset(t *testing.T, p path, load Load) {
	ended := make(chan error, 1)
	s := Serve(t, func(c *net.TCPConn) {
		_, err := io.ReadFull(c, make([]byte, 8))
		if err == nil {
			_, err = c.Write(make([]byte, 8))
		}
		if err == nil {
			_, err = AwaitEnd(c, promptly, load.Lenient)
		}
		ended <- err
	})
	c, done, err := Dial(limited(t), p.open(t, s.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if _, err := io.WriteString(c, "12345678"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	_ = c.SetLinger(0)
	_ = c.Close()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the server: %v", err)
		}
	case <-time.After(2 * promptly):
		t.Error("the server has not heard of the end")
	}
}

// Cut ends the far router in the middle of a stream: the client must hear of it, the listener must close, and all must be well again after restart.
func Cut(t *testing.T, near, far *Node, restart func(), lenient bool) {
	t.Helper()
	echo, bulk := Echo(t), BulkServer(t)
	name := t.Name()
	far.Connect(name+".echo.out", name+".echo", echo.Port)
	far.Connect(name+".out", name, bulk.Port)
	echoAddr, addr := near.Listen(name+".echo.in", name+".echo"), near.Listen(name+".in", name)
	near.AwaitListener(name+".echo.in", true)
	near.AwaitListener(name+".in", true)
	idle, done, err := Dial(limited(t), echoAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if _, err := idle.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(idle, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	busy, done, err := Dial(limited(t), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	var head [bulkHead]byte
	putDown(head[:], 1<<40) // without end
	if _, err := busy.Write(head[:]); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(busy, make([]byte, 4<<20)); err != nil {
		t.Fatal(err)
	}
	ends := make(chan error, 2)
	start := time.Now()
	for what, c := range map[string]net.Conn{"idle": idle, "busy": busy} {
		go func() {
			_, err := AwaitEnd(c, 2*promptly, lenient)
			if err != nil {
				err = fmt.Errorf("the %s connection: %w", what, err)
			}
			ends <- err
		}()
	}
	time.Sleep(100 * time.Millisecond)
	far.Kill()
	killed := time.Now()
	for range 2 {
		if err := <-ends; err != nil {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	}
	if d := time.Since(killed); d > promptly {
		t.Errorf("the clients heard of the end after %v", d)
	} else {
		t.Logf("clients saw the end %v after the kill", d.Round(time.Millisecond))
	}
	near.AwaitListener(name+".in", false)
	t.Logf("listener closed %v after the kill", time.Since(killed).Round(time.Millisecond))
	if c, done, err := Dial(limited(t), addr); err == nil {
		_ = c
		done()
		t.Error("the listener accepts though its address has no destination")
	}
	restart()
	back := time.Now()
	far.Connect(name+".out", name, bulk.Port)
	near.AwaitListener(name+".in", true)
	t.Logf("listener open %v after the restart", time.Since(back).Round(time.Millisecond))
	if err := Bulk(limited(t), addr, 1<<20, 1<<20); err != nil {
		t.Error(err)
	}
	near.Delete("tcpListener", name+".in")
	near.Delete("tcpListener", name+".echo.in")
	far.Delete("tcpConnector", name+".out")
}
