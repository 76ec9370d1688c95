package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// get prints the body of a 200 answer; any other answer is an error.
func get(ctx context.Context, url string, out io.Writer) error {
	resp, err := do(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	_, err = io.Copy(out, resp.Body)
	return err
}

// transfer downloads and uploads size octets and compares the checksums of both ends, which each side makes of what it
// really sent or received.
func transfer(ctx context.Context, url string, size int64, out io.Writer) error {
	url = strings.TrimSuffix(url, "/")
	began := time.Now()
	if err := download(ctx, url, size); err != nil {
		return fmt.Errorf("download: %w", err)
	}
	report(out, "downloaded", size, time.Since(began))
	began = time.Now()
	if err := upload(ctx, url, size); err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	report(out, "uploaded", size, time.Since(began))
	return nil
}

func report(out io.Writer, did string, size int64, took time.Duration) {
	fmt.Fprintf(out, "%s %d octets in %.2f s (%.0f MiB/s), checksums equal\n", did, size, took.Seconds(), float64(size)/(1<<20)/took.Seconds())
}

func download(ctx context.Context, url string, size int64) error {
	resp, err := do(ctx, http.MethodGet, fmt.Sprintf("%s/octets/%d", url, size), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	sum := sha256.New()
	n, err := io.Copy(sum, resp.Body)
	if err != nil {
		return err
	}
	if n != size {
		return fmt.Errorf("got %d octets, want %d", n, size)
	}
	if sent, got := resp.Trailer.Get(sumTrailer), hex.EncodeToString(sum.Sum(nil)); sent != got {
		return fmt.Errorf("the server sent %q and %q arrived", sent, got)
	}
	return nil
}

func upload(ctx context.Context, url string, size int64) error {
	sum := sha256.New()
	resp, err := do(ctx, http.MethodPost, url+"/sum", io.TeeReader(io.LimitReader(octets(), size), sum))
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
	if err != nil {
		return err
	}
	if want := fmt.Sprintf("%d %x\n", size, sum.Sum(nil)); string(answer) != want {
		return fmt.Errorf("the server got %q, sent was %q", answer, want)
	}
	return nil
}

func do(ctx context.Context, method, url string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	// Straight to the address: a proxy of the user's would answer for the network that is being shown.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 200)) // only to be told
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, strings.TrimSpace(string(text)))
	}
	return resp, nil
}
