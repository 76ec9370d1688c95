package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestClientsAgainstServer(t *testing.T) {
	srv := httptest.NewServer(handler())
	defer srv.Close()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"get", srv.URL}, greeting},
		{[]string{"transfer", srv.URL, "0"}, "uploaded 0 octets"},
		{[]string{"transfer", srv.URL + "/", "1000001"}, "uploaded 1000001 octets"},
		{[]string{"ports", "2"}, "\n"},
	} {
		var out strings.Builder
		if err := run(t.Context(), c.args, &out); err != nil || !strings.Contains(out.String(), c.want) {
			t.Errorf("%v: got %q, %v; want %q", c.args, out.String(), err, c.want)
		}
	}
}

// TestDamageIsSeen puts a network between them that changes or loses one octet.
func TestDamageIsSeen(t *testing.T) {
	honest := httptest.NewServer(handler())
	defer honest.Close()
	damage := func(change func([]byte) []byte) *httptest.Server {
		return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			resp, err := do(r.Context(), r.Method, honest.URL+r.URL.Path, strings.NewReader(string(change(body))))
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			w.Header().Set("Trailer", sumTrailer)
			answer, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Error(err)
			}
			if r.Method == http.MethodGet {
				answer = change(answer)
			}
			if _, err := w.Write(answer); err != nil {
				t.Error(err)
			}
			w.Header().Set(sumTrailer, resp.Trailer.Get(sumTrailer))
		}))
	}
	flip := damage(func(b []byte) []byte {
		if len(b) > 7 {
			b[7] ^= 1
		}
		return b
	})
	defer flip.Close()
	lose := damage(func(b []byte) []byte { return b[:max(0, len(b)-1)] })
	defer lose.Close()
	for name, err := range map[string]error{
		"flipped, down": download(t.Context(), flip.URL, 5000),
		"flipped, up":   upload(t.Context(), flip.URL, 5000),
		"lost, down":    download(t.Context(), lose.URL, 5000),
		"lost, up":      upload(t.Context(), lose.URL, 5000),
	} {
		if err == nil {
			t.Errorf("%s: was not noticed", name)
		}
	}
}

func TestServeEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var out strings.Builder
	if err := run(ctx, []string{"serve", "127.0.0.1:0"}, &out); err != nil || !strings.HasPrefix(out.String(), "serving on 127.0.0.1:") {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

func TestWrongArguments(t *testing.T) {
	for _, args := range [][]string{nil, {"sing"}, {"get"}, {"transfer", "http://127.0.0.1", "-1"}, {"transfer", "http://127.0.0.1", "x"}, {"ports", "0"}} {
		if err := run(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%q was accepted", args)
		}
	}
}
