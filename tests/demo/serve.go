package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"
)

// greeting is what the server answers at its root.
const greeting = "hello from the other side\n"

// sumTrailer carries the checksum of what the server sent, behind the body.
const sumTrailer = "X-Sha256"

// serve answers on addr until ctx ends, and says on out when it listens.
func serve(ctx context.Context, addr string, out io.Writer) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: handler(), ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintln(out, "serving on", l.Addr())
	stopped := make(chan error, 1)
	go func() { stopped <- srv.Serve(l) }()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
		err := srv.Close()
		if served := <-stopped; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}
}

func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, greeting) })
	mux.HandleFunc("GET /octets/{size}", func(w http.ResponseWriter, r *http.Request) {
		size, err := strconv.ParseInt(r.PathValue("size"), 10, 64)
		if err != nil || size < 0 {
			http.Error(w, "the size is not a number of octets", http.StatusBadRequest)
			return
		}
		w.Header().Set("Trailer", sumTrailer)
		sum := sha256.New()
		if _, err := io.CopyN(io.MultiWriter(w, sum), octets(), size); err == nil {
			w.Header().Set(sumTrailer, hex.EncodeToString(sum.Sum(nil)))
		}
	})
	mux.HandleFunc("POST /sum", func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		n, err := io.Copy(sum, r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, "%d %x\n", n, sum.Sum(nil))
	})
	return mux
}

// octets is endless noise, the same each time: nothing on the way can compress it, or pass one part off as another.
func octets() io.Reader { return rand.NewChaCha8([32]byte{'s', 'k', 'u', 'p', 'p', 'e', 'r'}) }
