package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/skupper-plugins/suite/router/manage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "skrouterd.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestUsage(t *testing.T) {
	t.Setenv("QDROUTERD_CONF", "")
	t.Setenv("UNSET_BY_TEST", "x")
	_ = os.Unsetenv("UNSET_BY_TEST")
	good := write(t, `[["router",{"id":"A","mode":"interior"}]]`)
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string // somewhere on stderr
	}{
		{"version", []string{"-v"}, 0, ""},
		{"help", []string{"-h"}, 0, "Usage of skupper-router"},
		{"no file", nil, 2, "a configuration file is needed"},
		{"operand", []string{"-c", good, "more"}, 2, "a configuration file is needed"},
		{"unknown flag", []string{"-x"}, 2, "not defined"},
		{"missing file", []string{"-c", filepath.Join(t.TempDir(), "none")}, 1, "no such file"},
		{"check", []string{"-c", good, "-check"}, 0, ""},
		{"check fails", []string{"-c", write(t, `[["router",{"id":"A","mode":"interior"}],["listener",{"port":"amqps!"}]]`), "-check"}, 1, "amqps!"},
		{"unknown variable", []string{"-c", write(t, `[["router",{"id":"${UNSET_BY_TEST}","mode":"interior"}]]`)}, 1, "must not contain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, err bytes.Buffer
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if code := run(ctx, tt.args, &out, &err); code != tt.code || !strings.Contains(err.String(), tt.want) {
				t.Errorf("got %d, %q, want %d, %q", code, err.String(), tt.code, tt.want)
			}
		})
	}
}

// TestExpand runs the program with variables in its configuration, as containers do.
func TestExpand(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	_ = ln.Close()
	t.Setenv("TEST_PORT", port)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOSTNAME", "x")
	_ = os.Unsetenv("HOSTNAME")
	file := write(t, `[["router",{"id":"${HOSTNAME}-1","mode":"interior"}],["listener",{"host":"127.0.0.1","port":"${TEST_PORT}"}]]`)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int, 1)
	var stderr bytes.Buffer
	go func() { done <- run(ctx, []string{"-c", file}, &bytes.Buffer{}, &stderr) }()
	defer func() {
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("exit code %d: %s", code, &stderr)
		}
	}()
	var c *manage.Client
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if c, err = manage.Dial(ctx, manage.Options{URL: "amqp://127.0.0.1:" + port}); err == nil {
			break
		}
		if time.Since(start) > 10*time.Second {
			t.Fatal(err)
		}
	}
	defer c.Close()
	got, err := c.Routers(ctx)
	if err != nil || len(got) != 1 || got[0].ID != host+"-1" {
		t.Errorf("got %+v, %v, want id %s-1", got, err, host)
	}
}
