package controller

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
)

// How long the API server may be away when the controller starts.
const (
	awayTime  = 10 * time.Minute // in all
	askTime   = 5 * time.Second  // for an answer
	askPause  = 2 * time.Second  // between two questions
	awayWords = time.Minute      // between two lines in the log
)

// answered returns when the API server has answered anything. That it is away is most often why the controller starts, as it has lost
// its lease: to end again would have the kubelet wait ever longer before the next start, up to five minutes. Meanwhile the health address
// says that the controller is alive, and not that it is ready. What waiting does not cure, as a certificate that is not trusted, is an
// error at once.
func answered(ctx context.Context, cfg *rest.Config, health string, log zerolog.Logger) error {
	err := ask(ctx, cfg)
	if !away(err) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, awayTime)
	defer cancel()
	stop, bad := alive(ctx, health)
	if bad != nil {
		return bad
	}
	defer stop()
	for told := (time.Time{}); away(err); err = ask(ctx, cfg) {
		if now := time.Now(); now.Sub(told) >= awayWords {
			log.Warn().Err(err).Msg("the API server does not answer: waiting for it")
			told = now
		}
		t := time.NewTimer(askPause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return fmt.Errorf("wait for the API server: %w", errors.Join(ctx.Err(), err))
		}
	}
	return err
}

// ask is nil if the API server gives any answer that is its own.
func ask(ctx context.Context, cfg *rest.Config) error {
	c, err := discovery.NewDiscoveryClientForConfig(cfg)
	if err != nil {
		return fmt.Errorf("reach the cluster: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	err = c.RESTClient().Get().AbsPath("/version").Do(ctx).Error()
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Code < http.StatusInternalServerError {
		return nil // what it is against will be said again
	}
	if err != nil {
		return fmt.Errorf("reach the cluster: %w", err)
	}
	return nil
}

// away tells whether an error is one of a server that may come back.
func away(err error) bool {
	var status apierrors.APIStatus
	return err != nil && (errors.As(err, &status) || utilnet.IsConnectionRefused(err) || utilnet.IsConnectionReset(err) || utilnet.IsTimeout(err) ||
		utilnet.IsProbableEOF(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH))
}

// alive answers at the health address until stop is called. No address: nobody asks.
func alive(ctx context.Context, address string) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("open the health address: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the API server does not answer", http.StatusServiceUnavailable)
	})
	s := &http.Server{Handler: mux, ReadHeaderTimeout: askTime, ReadTimeout: askTime, WriteTimeout: askTime}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(ln) // it ends by Close
	}()
	return func() {
		_ = s.Close()
		<-ended
	}, nil
}
