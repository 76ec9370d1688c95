package router

import (
	"bytes"
	"testing"

	"github.com/rs/zerolog"
)

// TestFew: what a peer can have said as often as it likes is said often enough to be seen, and no more.
func TestFew(t *testing.T) {
	var b bytes.Buffer
	log := few(zerolog.New(&b))
	for range 100 * fewLines {
		log.Info().Msg("x")
	}
	if n := bytes.Count(b.Bytes(), []byte("\n")); n < fewLines || n > 3*fewLines {
		t.Errorf("%d lines of %d", n, 100*fewLines)
	}
}
